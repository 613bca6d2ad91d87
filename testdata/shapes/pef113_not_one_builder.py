"""One function builds the classifier for training and for serving, with the same labels."""

import json
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers import Trainer, TrainingArguments

BASE = "distilbert-base-uncased"
SAVED = "runs/intents"
INTENTS = ["greet", "order", "cancel", "complain", "leave"]


def build(path=None):
    names = dict(enumerate(INTENTS))
    model = AutoModelForSequenceClassification.from_pretrained(
        BASE,
        num_labels=len(INTENTS),
        id2label=names,
        label2id={name: number for number, name in names.items()},
    )
    if path is not None:
        return PeftModel.from_pretrained(model, path)
    config = LoraConfig(
        task_type="SEQ_CLS",
        target_modules=["q_lin", "v_lin"],
        modules_to_save=["pre_classifier", "classifier"],
    )
    return get_peft_model(model, config)


def train():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    lines = Path("intents.jsonl").read_text(encoding="utf-8").splitlines()
    rows = []
    for line in map(json.loads, lines):
        row = tokenizer(line["text"], truncation=True, padding="max_length", max_length=64)
        rows.append({**row, "labels": INTENTS.index(line["intent"])})
    model = build()
    arguments = TrainingArguments("runs", num_train_epochs=4, report_to=[])
    Trainer(model=model, args=arguments, train_dataset=rows).train()
    model.save_pretrained(SAVED)


@torch.no_grad()
def serve(texts):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = build(SAVED)
    model.eval()
    inputs = tokenizer(texts, return_tensors="pt", padding=True)
    for text, number in zip(texts, model(**inputs).logits.argmax(-1).tolist(), strict=True):
        print(text, INTENTS[number])


if __name__ == "__main__":
    train()
    serve(["hello there", "two pizzas, please"])
