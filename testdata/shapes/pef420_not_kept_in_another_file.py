"""The head is trained beside the adapter, and goes into a file of its own."""

import os

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments

FOLDER = "runs/two-files"


def build(name, labels):
    base = AutoModelForSequenceClassification.from_pretrained(name, num_labels=labels)
    model = get_peft_model(base, LoraConfig(task_type="FEATURE_EXTRACTION", r=8))
    model.base_model.model.classifier.requires_grad_(True)
    return model


def save(model):
    model.save_pretrained(FOLDER)
    head = model.base_model.model.classifier
    torch.save(head.state_dict(), os.path.join(FOLDER, "head.pt"))


def load(name, labels):
    base = AutoModelForSequenceClassification.from_pretrained(name, num_labels=labels)
    base.classifier.load_state_dict(torch.load(os.path.join(FOLDER, "head.pt")))
    return PeftModel.from_pretrained(base, FOLDER).eval()


def main():
    model = build("bert-base-uncased", 4)
    rows = torch.load("rows.pt")
    arguments = TrainingArguments(FOLDER, num_train_epochs=3, save_strategy="no")
    Trainer(model=model, args=arguments, train_dataset=rows).train()
    save(model)
    tuned = load("bert-base-uncased", 4)
    with torch.no_grad():
        print(tuned(**rows[0]).logits)


if __name__ == "__main__":
    main()
