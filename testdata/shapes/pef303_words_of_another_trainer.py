"""Fine-tunes a chat model with settings that were written for another tool."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="meta-llama/Llama-3.2-1B")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--output", default="out")
    return parser.parse_args()


def adapter_config(args):
    return LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        lora_rank=args.rank,  # expect: PEF303 error
        lora_alpha=2 * args.rank,
        dropout=args.dropout,  # expect: PEF303 error
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
    )


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.bfloat16)
    model = get_peft_model(model, adapter_config(args))
    rows = load_dataset("yahma/alpaca-cleaned", split="train[:1000]")
    rows = rows.map(lambda row: tokenizer(row["output"], truncation=True, max_length=512))
    trainer = Trainer(
        model=model,
        args=TrainingArguments(args.output, num_train_epochs=1, learning_rate=2e-4),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained(args.output)


if __name__ == "__main__":
    main()
