"""Classifies flowers with ResNet and adapters on its convolutions."""

import argparse

import numpy as np
import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoImageProcessor,
    AutoModelForImageClassification,
    Trainer,
    TrainingArguments,
)

CHECKPOINT = "microsoft/resnet-50"


def accuracy(prediction):
    guesses = np.argmax(prediction.predictions, axis=-1)
    return {"accuracy": (guesses == prediction.label_ids).mean()}


def collate(rows):
    return {
        "pixel_values": torch.stack([row["pixel_values"] for row in rows]),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


def build(labels, rank):
    model = AutoModelForImageClassification.from_pretrained(
        CHECKPOINT, num_labels=labels, ignore_mismatched_sizes=True
    )
    config = LoraConfig(
        r=rank,
        lora_alpha=rank,
        target_modules=["convolution"],
        modules_to_save=["classifier"],  # expect: PEF316 warning
    )
    model = get_peft_model(model, config)
    model.print_trainable_parameters()
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rank", type=int, default=16)
    args = parser.parse_args()
    processor = AutoImageProcessor.from_pretrained(CHECKPOINT)
    rows = load_dataset("nelorth/oxford-flowers")
    rows.set_transform(lambda batch: {**processor(batch["image"]), "label": batch["label"]})
    trainer = Trainer(
        model=build(102, args.rank),
        args=TrainingArguments("flowers", eval_strategy="epoch", remove_unused_columns=False),
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
        data_collator=collate,
        compute_metrics=accuracy,
    )
    trainer.train()
    print(trainer.evaluate())
    trainer.save_model("flowers/adapter")


if __name__ == "__main__":
    main()
