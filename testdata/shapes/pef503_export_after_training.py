"""Fine-tune with a Trainer, then hand the "inner" model to the serving team."""

import argparse
from pathlib import Path

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="mistralai/Mistral-7B-v0.1")
    parser.add_argument("--output", default="runs/mistral-lora")
    parser.add_argument("--epochs", type=int, default=3)
    return parser.parse_args()


def load(name):
    tokenizer = AutoTokenizer.from_pretrained(name)
    tokenizer.pad_token = tokenizer.unk_token
    model = AutoModelForCausalLM.from_pretrained(name, dtype="auto")
    config = LoraConfig(r=16, lora_alpha=32, target_modules=["q_proj", "v_proj"])
    return get_peft_model(model, config), tokenizer


def export(model, tokenizer, folder):
    """The serving stack knows nothing of PEFT, so it gets the model underneath."""
    folder.mkdir(parents=True, exist_ok=True)
    model.base_model.model.save_pretrained(folder)  # expect: PEF503 error
    tokenizer.save_pretrained(folder)


def main():
    args = parse_args()
    model, tokenizer = load(args.model)
    rows = load_dataset("text", data_files={"train": "corpus.txt"})["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=512))
    trainer = Trainer(
        model=model,
        args=TrainingArguments(args.output, num_train_epochs=args.epochs, report_to=[]),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained(args.output)
    export(model, tokenizer, Path(args.output) / "full")


if __name__ == "__main__":
    main()
