"""The default adapter lies in the folder itself, whatever else is saved beside it."""

import os

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForSequenceClassification

FOLDER = "classifiers"


def build(name):
    base = AutoModelForSequenceClassification.from_pretrained("roberta-base", num_labels=2)
    return get_peft_model(base, LoraConfig(task_type="SEQ_CLS"), adapter_name=name)


def train(model, batches):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    model.train()
    for batch in batches:
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def save(batches):
    for name in ("toxic", "default"):
        model = build(name)
        train(model, batches)
        model.save_pretrained(FOLDER)
        torch.save(get_peft_model_state_dict(model, adapter_name=name), f"{name}.pt")


def load():
    base = AutoModelForSequenceClassification.from_pretrained("roberta-base", num_labels=2)
    model = PeftModel.from_pretrained(base, FOLDER)
    for name in os.listdir(FOLDER):
        if os.path.isdir(os.path.join(FOLDER, name)):
            model.load_adapter(os.path.join(FOLDER, name), adapter_name=name)
    return model


if __name__ == "__main__":
    save(torch.load("batches.pt"))
    print(load().peft_config)
