"""Continued training on packed documents: the end tokens between them are left out of the labels."""

import argparse
from itertools import chain

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

BASE = "mistralai/Mistral-7B-v0.1"
BLOCK = 1024


def group(examples):
    joined = {name: list(chain(*rows)) for name, rows in examples.items()}
    total = len(joined["input_ids"]) // BLOCK * BLOCK
    return {name: [row[i : i + BLOCK] for i in range(0, total, BLOCK)] for name, row in joined.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="documents.jsonl")
    parser.add_argument("--output", default="runs/continued")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(BASE)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token

    def encode(examples):
        return tokenizer([text + tokenizer.eos_token for text in examples["text"]])

    rows = load_dataset("json", data_files=args.data, split="train")
    rows = rows.map(encode, batched=True, remove_columns=rows.column_names).map(group, batched=True)
    model = AutoModelForCausalLM.from_pretrained(BASE, device_map="auto")
    model = get_peft_model(model, LoraConfig(r=16, task_type="CAUSAL_LM"))
    trainer = Trainer(
        model=model,
        args=TrainingArguments(args.output, per_device_train_batch_size=2),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),  # expect: PEF414 warning
    )
    trainer.train()
    model.save_pretrained(args.output)


if __name__ == "__main__":
    main()
