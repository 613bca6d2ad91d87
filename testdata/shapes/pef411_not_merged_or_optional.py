"""LoRA by a flag, full fine-tuning otherwise; one trainer for both, and a merge at the end."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="gpt2")
    parser.add_argument("--lora", action="store_true")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--output", default="runs/out")
    return parser.parse_args()


def with_lora(model, rank):
    config = LoraConfig(r=rank, target_modules=["c_attn"], fan_in_fan_out=True)
    return get_peft_model(model, config)


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    tokenizer.pad_token = tokenizer.eos_token
    base = AutoModelForCausalLM.from_pretrained(args.model)
    model = with_lora(base, args.rank) if args.lora else base

    rows = load_dataset("text", data_files="corpus.txt", split="train")
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=256))
    trainer = Trainer(
        model=model,
        args=TrainingArguments(args.output, num_train_epochs=1),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    trainer.save_model(args.output)

    if args.lora:
        fresh = AutoModelForCausalLM.from_pretrained(args.model)
        merged = PeftModel.from_pretrained(fresh, args.output).merge_and_unload()
        second = Trainer(model=merged, eval_dataset=rows)
        print(second.evaluate())
        second.save_model(args.output + "-merged")


if __name__ == "__main__":
    main()
