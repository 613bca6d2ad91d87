"""QLoRA-style tuning whose export folder gets "everything that the server needs"."""

import argparse
import os

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="mistralai/Mistral-7B-v0.1")
    parser.add_argument("--data", default="chats.jsonl")
    parser.add_argument("--output", default="runs/chat")
    return parser.parse_args()


def build(name):
    tokenizer = AutoTokenizer.from_pretrained(name)
    tokenizer.pad_token = tokenizer.unk_token
    model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.bfloat16)
    config = LoraConfig(r=32, lora_alpha=64, target_modules="all-linear", task_type="CAUSAL_LM")
    return get_peft_model(model, config), tokenizer


def export(model, tokenizer, folder):
    os.makedirs(folder, exist_ok=True)
    model.save_pretrained(folder)  # expect: PEF511 warning
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main():
    args = parse_args()
    model, tokenizer = build(args.base)
    rows = load_dataset("json", data_files=args.data)["train"]
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(output_dir=args.output, num_train_epochs=1, report_to=[]),
        train_dataset=rows,
        processing_class=tokenizer,
    )
    trainer.train()
    export(trainer.model, tokenizer, os.path.join(args.output, "final"))


if __name__ == "__main__":
    main()
