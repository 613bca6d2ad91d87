"""The saved configuration is read, and changed by assignment before it is used."""

import argparse

from datasets import load_dataset
from peft import PeftConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--template", default="runs/first")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--revision", default="main")
    return parser.parse_args()


def config_for(args):
    config = PeftConfig.from_pretrained(args.template, revision=args.revision, inference_mode=False)
    changes = {"r": args.rank, "lora_alpha": 2 * args.rank, "inference_mode": False}
    for name, value in changes.items():
        setattr(config, name, value)
    return config


def main():
    args = parse_args()
    config = config_for(args)
    tokenizer = AutoTokenizer.from_pretrained(config.base_model_name_or_path)
    tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(config.base_model_name_or_path)
    model = get_peft_model(model, config)
    rows = load_dataset("text", data_files="corpus.txt")["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=512))
    Trainer(
        model=model,
        args=TrainingArguments("runs/second", report_to=[]),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    ).train()
    model.save_pretrained("runs/second")


if __name__ == "__main__":
    main()
