"""Padding is the end token here as well, but labels are masked by the attention mask."""

from dataclasses import dataclass

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


@dataclass
class CausalCollator:
    tokenizer: object

    def __call__(self, rows):
        batch = self.tokenizer.pad(rows, return_tensors="pt")
        batch["labels"] = torch.where(batch["attention_mask"].bool(), batch["input_ids"], -100)
        return batch


def load_tokenizer(name):
    tokenizer = AutoTokenizer.from_pretrained(name)
    tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def main(base="gpt2"):
    tokenizer = load_tokenizer(base)

    def encode(row):
        return tokenizer(row["text"] + tokenizer.eos_token, truncation=True, max_length=512)

    rows = load_dataset("json", data_files="texts.jsonl", split="train")
    rows = rows.map(encode, remove_columns=rows.column_names)
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base), LoraConfig(task_type="CAUSAL_LM")
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments("runs/causal", num_train_epochs=1),
        train_dataset=rows,
        data_collator=CausalCollator(tokenizer),
    )
    trainer.train()
    trainer.save_model("runs/causal/adapter")


if __name__ == "__main__":
    main()
