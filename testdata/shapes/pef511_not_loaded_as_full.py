"""Look-alike: the config beside the adapter is for the labels, and the loader goes through PEFT."""

import json
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer

FOLDER = Path("models/intents")


def train(rows, names, checkpoint="distilbert-base-uncased"):
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint, num_labels=len(names), id2label=dict(enumerate(names))
    )
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        target_modules=["q_lin", "v_lin"],
        modules_to_save=["pre_classifier", "classifier"],
    )
    model = get_peft_model(model, config)
    Trainer(model=model, train_dataset=rows).train()
    model.save_pretrained(FOLDER)
    model.config.save_pretrained(FOLDER)
    tokenizer.save_pretrained(FOLDER)


def load(checkpoint="distilbert-base-uncased"):
    settings = json.loads((FOLDER / "config.json").read_text())
    base = AutoModelForSequenceClassification.from_pretrained(
        checkpoint, num_labels=len(settings["id2label"]), id2label=settings["id2label"]
    )
    return PeftModel.from_pretrained(base, FOLDER).eval(), AutoTokenizer.from_pretrained(FOLDER)


@torch.no_grad()
def classify(text):
    model, tokenizer = load()
    answer = model(**tokenizer(text, return_tensors="pt")).logits.argmax(-1).item()
    return model.config.id2label[answer]


if __name__ == "__main__":
    print(classify("turn the lights on"))
