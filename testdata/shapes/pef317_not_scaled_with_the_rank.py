"""Ranks of all sizes, each with a scale that goes with it."""

import argparse

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

BASE = "gpt2"


def twice(rank):
    return LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=["c_attn"])


def by_the_root(rank):
    return LoraConfig(r=rank, use_rslora=True, target_modules=["c_attn"])


def fixed(rank):
    config = LoraConfig(r=rank, target_modules=["c_attn"])
    config.lora_alpha = 16
    return config


def from_table(name):
    table = {
        "wide": {"r": 256, "lora_alpha": 256},
        "plain": {"r": 8},
    }
    return LoraConfig(target_modules=["c_attn"], **table[name])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--how", choices=["twice", "root", "fixed", "table"], default="twice")
    parser.add_argument("--steps", type=int, default=100)
    args = parser.parse_args()
    makers = {"twice": twice, "root": by_the_root, "fixed": fixed}
    for rank in (16, 64, 256):
        config = from_table("wide") if args.how == "table" else makers[args.how](rank)
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(BASE), config)
        settings = TrainingArguments(f"out/{rank}", max_steps=args.steps, report_to=[])
        Trainer(model=model, args=settings, train_dataset=[]).train()
        model.save_pretrained(f"out/{rank}")
    last = get_peft_model(AutoModelForCausalLM.from_pretrained(BASE), twice(64))
    last.print_trainable_parameters()


if __name__ == "__main__":
    main()
