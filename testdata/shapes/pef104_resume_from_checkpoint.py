"""Resume a LoRA run from a checkpoint folder of the trainer, by hand."""

import argparse
import os

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

CONFIG = LoraConfig(
    r=16,
    lora_alpha=32,
    target_modules=["q_proj", "v_proj"],
    lora_dropout=0.05,
    task_type="CAUSAL_LM",
)


def load_model(args):
    model = AutoModelForCausalLM.from_pretrained(args.base, device_map="auto")
    model = get_peft_model(model, CONFIG)
    if args.resume:
        path = os.path.join(args.resume, "adapter_model.safetensors")
        print(f"continuing from {path}")
        weights = load_file(path)
        model.load_state_dict(weights, strict=False)  # expect: PEF104 error
    model.print_trainable_parameters()
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="Qwen/Qwen2.5-0.5B")
    parser.add_argument("--resume", default=None)
    parser.add_argument("--output", default="runs/qwen")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(args.base)
    model = load_model(args)
    rows = load_dataset("json", data_files="train.jsonl")["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=1024))
    trainer = Trainer(
        model=model,
        args=TrainingArguments(args.output, num_train_epochs=1, report_to=[]),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained(args.output)


if __name__ == "__main__":
    main()
