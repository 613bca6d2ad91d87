"""Classify topics: the training knows of seven, the service loads a head as it comes."""

import numpy as np
import torch
from datasets import load_dataset
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

BASE = "bert-base-uncased"
SAVED = "runs/topics/adapter"


def accuracy(prediction):
    labels = np.argmax(prediction.predictions, axis=-1)
    return {"accuracy": float((labels == prediction.label_ids).mean())}


def train(tokenizer):
    rows = load_dataset("csv", data_files="topics.csv", split="train")
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True)).train_test_split(0.1)
    model = AutoModelForSequenceClassification.from_pretrained(BASE, num_labels=7)
    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16, lora_dropout=0.1)
    model = get_peft_model(model, config)
    trainer = Trainer(
        model=model,
        args=TrainingArguments("runs/topics", num_train_epochs=3, report_to=[]),
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=accuracy,
    )
    trainer.train()
    print(trainer.evaluate())
    model.save_pretrained(SAVED)


class Service:
    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        base = AutoModelForSequenceClassification.from_pretrained(BASE)
        self.model = PeftModel.from_pretrained(base, SAVED)  # expect: PEF113 error
        self.model.eval()

    @torch.inference_mode()
    def topic(self, text):
        inputs = self.tokenizer(text, return_tensors="pt", truncation=True)
        return self.model(**inputs).logits.argmax(-1).item()


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    train(tokenizer)
    print(Service(tokenizer).topic("The match ended two to one."))


if __name__ == "__main__":
    main()
