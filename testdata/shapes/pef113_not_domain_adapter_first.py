"""An adapter for language modelling starts a classifier: its head is new, and meant to be."""

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    Trainer,
    TrainingArguments,
)

BASE = "microsoft/deberta-v3-base"
DOMAIN = "adapters/domain"
TASK = "adapters/task"


def tune(model, rows, folder):
    arguments = TrainingArguments("runs", max_steps=1000, report_to=[], save_strategy="no")
    Trainer(model=model, args=arguments, train_dataset=rows).train()
    model.save_pretrained(folder)


def domain(rows):
    model = AutoModelForMaskedLM.from_pretrained(BASE)
    config = LoraConfig(r=8, target_modules=["query_proj", "value_proj"])
    tune(get_peft_model(model, config), rows, DOMAIN)


def classifier():
    return AutoModelForSequenceClassification.from_pretrained(BASE, num_labels=3)


def task(rows):
    start = PeftModel.from_pretrained(classifier(), DOMAIN).merge_and_unload()
    config = LoraConfig(
        task_type="SEQ_CLS",
        r=8,
        target_modules=["query_proj", "value_proj"],
        modules_to_save=["classifier", "pooler"],
    )
    tune(get_peft_model(start, config), rows, TASK)


def load():
    start = PeftModel.from_pretrained(classifier(), DOMAIN).merge_and_unload()
    model = PeftModel.from_pretrained(start, TASK)
    return model.eval()


if __name__ == "__main__":
    domain(torch.load("lines.pt"))
    task(torch.load("examples.pt"))
    print(load())
