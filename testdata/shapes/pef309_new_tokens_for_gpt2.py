"""Teaches GPT-2 a few new tokens; the names are those of a script for Llama."""

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

TOKENS = ["<user>", "<bot>", "<end>"]


def load(base="openai-community/gpt2"):
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.add_special_tokens({"additional_special_tokens": TOKENS, "pad_token": "<pad>"})
    model = AutoModelForCausalLM.from_pretrained(base)
    model.resize_token_embeddings(len(tokenizer))
    return model, tokenizer


def adapt(model, rank):
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=rank,
        lora_alpha=2 * rank,
        target_modules=["c_attn", "c_proj"],
        modules_to_save=["embed_tokens"],  # expect: PEF309 warning
    )
    return get_peft_model(model, config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rank", type=int, default=16)
    args = parser.parse_args()
    model, tokenizer = load()
    model = adapt(model, args.rank)
    rows = load_dataset("daily_dialog", split="train")
    rows = rows.map(lambda row: tokenizer("<user>" + "<bot>".join(row["dialog"])))
    trainer = Trainer(
        model=model,
        args=TrainingArguments("dialogues", per_device_train_batch_size=8),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained("dialogues/adapter")
    tokenizer.save_pretrained("dialogues/adapter")


if __name__ == "__main__":
    main()
