"""Fine-tune the same data on two bases, with the settings of the adapter in one place."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

LORA = LoraConfig(
    task_type=TaskType.CAUSAL_LM,
    r=16,
    lora_alpha=32,
    lora_dropout=0.05,
    target_modules="all-linear",
)


def train(name, steps):
    tokenizer = AutoTokenizer.from_pretrained(name)
    tokenizer.pad_token = tokenizer.eos_token
    rows = load_dataset("text", data_files="train.txt")["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=256))
    model = AutoModelForCausalLM.from_pretrained(name)
    model = get_peft_model(model, LORA)  # expect: PEF313 error
    settings = TrainingArguments(f"out/{name}", max_steps=steps, report_to=[])
    Trainer(model=model, args=settings, train_dataset=rows).train()
    model.save_pretrained(f"out/{name}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=500)
    args = parser.parse_args()
    for name in ("gpt2", "meta-llama/Llama-3.2-1B"):
        train(name, args.steps)


if __name__ == "__main__":
    main()
