"""Keeps more than the adapter of a ResNet: a merged model, or its statistics beside it."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForImageClassification, Trainer, TrainingArguments

CONFIG = LoraConfig(target_modules=["convolution"], modules_to_save=["classifier"])


def train(rows, folder):
    model = AutoModelForImageClassification.from_pretrained("microsoft/resnet-50")
    model = get_peft_model(model, CONFIG)
    Trainer(model=model, args=TrainingArguments(folder), train_dataset=rows).train()
    return model


def merged(rows):
    model = train(rows, "merged").merge_and_unload()
    model.save_pretrained("merged/model")


def with_statistics(rows):
    model = train(rows, "both")
    model.save_pretrained("both/adapter")
    buffers = {name: value for name, value in model.named_buffers() if "running" in name}
    torch.save(buffers, "both/statistics.pt")


def vit(rows):
    model = AutoModelForImageClassification.from_pretrained("google/vit-base-patch16-224")
    config = LoraConfig(target_modules="all-linear", modules_to_save=["classifier"])
    model = get_peft_model(model, config)
    Trainer(model=model, args=TrainingArguments("vit"), train_dataset=rows).train()
    model.save_pretrained("vit/adapter")


def evaluated(rows):
    model = AutoModelForImageClassification.from_pretrained("microsoft/resnet-50")
    model = get_peft_model(model, CONFIG)
    trainer = Trainer(model=model, args=TrainingArguments("out"), eval_dataset=rows)
    print(trainer.evaluate())
    model.save_pretrained("out/adapter")


if __name__ == "__main__":
    merged([])
    with_statistics([])
    vit([])
    evaluated([])
