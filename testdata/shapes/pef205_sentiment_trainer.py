"""Sentiment classification with a LoRA on a decoder, in the style of a course notebook."""

import argparse

import numpy as np
import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

MODEL = "meta-llama/Llama-3.2-1B"
LABELS = {0: "negative", 1: "positive"}


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", default="runs/sentiment")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--lr", type=float, default=2e-4)
    return parser.parse_args()


def accuracy(prediction):
    logits, labels = prediction
    return {"accuracy": float((np.argmax(logits, axis=-1) == labels).mean())}


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token

    def encode(batch):
        return tokenizer(batch["text"], truncation=True, max_length=256)

    rows = load_dataset("imdb").map(encode, batched=True)
    model = AutoModelForSequenceClassification.from_pretrained(  # expect: PEF205 error
        MODEL,
        num_labels=len(LABELS),
        id2label=LABELS,
        dtype=torch.bfloat16,
    )
    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=16, lora_alpha=32, lora_dropout=0.05)
    model = get_peft_model(model, config)
    model.print_trainable_parameters()
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=args.output,
            num_train_epochs=args.epochs,
            learning_rate=args.lr,
            per_device_train_batch_size=16,
            per_device_eval_batch_size=32,
            eval_strategy="epoch",
            report_to=[],
        ),
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=accuracy,
    )
    trainer.train()
    print(trainer.evaluate())
    model.save_pretrained(args.output)


if __name__ == "__main__":
    main()
