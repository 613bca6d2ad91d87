"""Teaches a small model new tokens by adapters on everything, and exports one merged model."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

BASE = "Qwen/Qwen2.5-0.5B"


def load():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.add_tokens(["<think>", "</think>"])
    model = AutoModelForCausalLM.from_pretrained(BASE, device_map="auto")
    model.resize_token_embeddings(len(tokenizer))
    return model, tokenizer


def adapt(model, rank):
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=rank,
        lora_alpha=2 * rank,
        target_modules=["q_proj", "v_proj", "embed_tokens", "lm_head"],  # expect: PEF315 warning
    )
    return get_peft_model(model, config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rank", type=int, default=32)
    args = parser.parse_args()
    model, tokenizer = load()
    model = adapt(model, args.rank)
    rows = load_dataset("openai/gsm8k", "main", split="train")
    rows = rows.map(lambda row: tokenizer(f"{row['question']}<think>{row['answer']}</think>"))
    trainer = Trainer(
        model=model,
        args=TrainingArguments("thinker", per_device_train_batch_size=4, bf16=True),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    merged = trainer.model.merge_and_unload()
    merged.save_pretrained("thinker/merged")
    tokenizer.save_pretrained("thinker/merged")


if __name__ == "__main__":
    main()
