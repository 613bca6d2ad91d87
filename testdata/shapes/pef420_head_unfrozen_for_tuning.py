"""Adapt a model to a domain: LoRA in the attention, and the head is let loose by hand."""

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
    parser.add_argument("--base", default="gpt2")
    parser.add_argument("--train-head", action="store_true")
    return parser.parse_args()


def build(args):
    model = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.float32)
    config = LoraConfig(task_type=TaskType.CAUSAL_LM, r=8, target_modules=["c_attn"])
    model = get_peft_model(model, config)
    if args.train_head:
        for parameter in model.base_model.model.lm_head.parameters():
            parameter.requires_grad = True  # expect: PEF420 error
    model.print_trainable_parameters()
    return model


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    tokenizer.pad_token = tokenizer.eos_token
    model = build(args)
    data = load_dataset("text", data_files="domain.txt", split="train")
    data = data.map(lambda row: tokenizer(row["text"], truncation=True, max_length=128))
    data = data.remove_columns("text")
    trainer = Trainer(
        model=model,
        args=TrainingArguments("domain", num_train_epochs=1, save_strategy="no"),
        train_dataset=data,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    trainer.save_model("domain/adapter")


if __name__ == "__main__":
    main()
