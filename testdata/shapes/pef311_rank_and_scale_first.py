"""Compare ranks on one base; the configs were written like those of another library."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

BASE = "gpt2"
SCALE = 32


def small():
    return LoraConfig(4, 8, target_modules=["c_attn"])  # expect: PEF311 error


def large():
    return LoraConfig("CAUSAL_LM", 64, SCALE)  # expect: PEF311 error


def train(name, config, rows, tokenizer):
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(BASE), config)
    args = TrainingArguments(f"out/{name}", max_steps=200, report_to=[])
    trainer = Trainer(model=model, args=args, train_dataset=rows)
    trainer.train()
    model.save_pretrained(f"out/{name}")
    tokenizer.save_pretrained(f"out/{name}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", choices=["small", "large"], default="small")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    rows = load_dataset("text", data_files="train.txt")["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True))
    train(args.size, small() if args.size == "small" else large(), rows, tokenizer)


if __name__ == "__main__":
    main()
