"""Compare starts of LoRA on one task; two of them are asked for in the config alone."""

import argparse

from datasets import load_dataset
from peft import EvaConfig, LoraConfig, LoraGAConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

BASE = "meta-llama/Llama-3.2-1B"
COMMON = {"r": 16, "lora_alpha": 16, "task_type": "CAUSAL_LM"}


def make_config(start):
    if start == "eva":
        return LoraConfig(
            **COMMON,
            init_lora_weights="eva",  # expect: PEF314 warning
            eva_config=EvaConfig(rho=2.0),
        )
    if start == "ga":
        return LoraConfig(
            init_lora_weights="lora_ga",  # expect: PEF314 warning
            lora_ga_config=LoraGAConfig(),
            **COMMON,
        )
    return LoraConfig(init_lora_weights="olora", **COMMON)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--start", choices=["eva", "ga", "olora"], default="olora")
    parser.add_argument("--steps", type=int, default=500)
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    rows = load_dataset("text", data_files="train.txt")["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=256))
    model = AutoModelForCausalLM.from_pretrained(BASE)
    model = get_peft_model(model, make_config(args.start))
    model.print_trainable_parameters()
    settings = TrainingArguments(f"out/{args.start}", max_steps=args.steps, report_to=[])
    trainer = Trainer(model=model, args=settings, train_dataset=rows)
    trainer.train()
    model.save_pretrained(f"out/{args.start}")


if __name__ == "__main__":
    main()
