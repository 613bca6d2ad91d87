"""Compare LoRA with soft prompts on one classifier; the type was thought to be for LoRA alone."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, PrefixTuningConfig, PromptEncoderConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
)

BASE = "roberta-base"


def make_config(method, tokens):
    if method == "lora":
        return LoraConfig(task_type=TaskType.SEQ_CLS, r=8)
    if method == "prefix":
        return PrefixTuningConfig(num_virtual_tokens=tokens)  # expect: PEF312 error
    return PromptEncoderConfig(  # expect: PEF312 error
        task_type=TaskType.SEQ_CLS, encoder_hidden_size=128
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--method", choices=["lora", "prefix", "p-tuning"], default="lora")
    parser.add_argument("--tokens", type=int, default=20)
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    rows = load_dataset("glue", "mrpc")
    rows = rows.map(lambda row: tokenizer(row["sentence1"], row["sentence2"], truncation=True))
    model = AutoModelForSequenceClassification.from_pretrained(BASE, num_labels=2)
    model = get_peft_model(model, make_config(args.method, args.tokens))
    model.print_trainable_parameters()
    trainer = Trainer(
        model=model,
        args=TrainingArguments(f"out/{args.method}", report_to=[]),
        train_dataset=rows["train"],
        processing_class=tokenizer,
    )
    trainer.train()
    model.save_pretrained(f"out/{args.method}")


if __name__ == "__main__":
    main()
