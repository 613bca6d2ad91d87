"""Transformers' own adapters: a reference is loaded beside the one that a trainer is to train."""

from datasets import load_dataset
from peft import LoraConfig
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

BASE = "Qwen/Qwen2.5-0.5B"


def build(reference):
    model = AutoModelForCausalLM.from_pretrained(BASE)
    model.add_adapter(LoraConfig(r=16, lora_alpha=32), adapter_name="new")
    model.load_adapter(reference, adapter_name="reference")  # expect: PEF423 warning
    model.gradient_checkpointing_enable()
    return model


def rows(tokenizer):
    data = load_dataset("json", data_files="train.jsonl", split="train")
    encode = lambda row: tokenizer(row["text"], truncation=True, max_length=256)
    return data.map(encode, remove_columns=data.column_names)


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = build("reference-adapter")
    arguments = TrainingArguments(
        output_dir="out",
        per_device_train_batch_size=8,
        num_train_epochs=1,
        learning_rate=1e-4,
        gradient_checkpointing=True,
    )
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=rows(tokenizer),
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    trainer.save_model("out/final")


if __name__ == "__main__":
    main()
