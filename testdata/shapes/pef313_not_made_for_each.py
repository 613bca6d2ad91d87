"""Fine-tune the same data on two bases: each model gets a config of its own."""

import argparse
import copy

from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

BASES = ("gpt2", "meta-llama/Llama-3.2-1B")
SETTINGS = {"r": 16, "lora_alpha": 32, "target_modules": "all-linear"}
TEMPLATE = LoraConfig(task_type=TaskType.CAUSAL_LM, **SETTINGS)


def make_config():
    return LoraConfig(task_type=TaskType.CAUSAL_LM, **SETTINGS)


def train(name, config, steps):
    model = AutoModelForCausalLM.from_pretrained(name)
    model = get_peft_model(model, config)
    settings = TrainingArguments(f"out/{name}", max_steps=steps, report_to=[])
    Trainer(model=model, args=settings, train_dataset=[]).train()
    model.save_pretrained(f"out/{name}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--base", choices=BASES)
    args = parser.parse_args()
    if args.base:
        train(args.base, TEMPLATE, args.steps)
        return
    for name in BASES:
        train(name, make_config(), args.steps)
        train(name, copy.deepcopy(TEMPLATE), args.steps)


if __name__ == "__main__":
    main()
