"""Fine-tunes a text classifier; the adapter's settings were written from memory."""

import numpy as np
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
)

CHECKPOINT = "roberta-base"
TASK = "SEQUENCE_CLASSIFICATION"


def load_rows(tokenizer):
    rows = load_dataset("imdb")
    return rows.map(lambda row: tokenizer(row["text"], truncation=True), batched=True)


def build():
    model = AutoModelForSequenceClassification.from_pretrained(CHECKPOINT, num_labels=2)
    config = LoraConfig(
        task_type=TASK,  # expect: PEF304 error
        r=8,
        lora_alpha=16,
        lora_dropout=0.1,
        bias="lora",  # expect: PEF304 error
        target_modules=["query", "value"],
    )
    return get_peft_model(model, config)


def accuracy(result):
    return {"accuracy": float(np.mean(result.predictions.argmax(-1) == result.label_ids))}


def main():
    tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
    rows = load_rows(tokenizer)
    model = build()
    model.print_trainable_parameters()
    trainer = Trainer(
        model=model,
        args=TrainingArguments("out", eval_strategy="epoch"),
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
        compute_metrics=accuracy,
    )
    trainer.train()
    model.save_pretrained("out/final")


if __name__ == "__main__":
    main()
