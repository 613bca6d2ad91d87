"""Food classifier on ViT: the settings for checkpointing were copied from a language model."""

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

CHECKPOINT = "google/vit-base-patch16-224-in21k"
processor = AutoImageProcessor.from_pretrained(CHECKPOINT)


def preprocess(batch):
    images = [image.convert("RGB") for image in batch["image"]]
    batch["pixel_values"] = processor(images, return_tensors="pt")["pixel_values"]
    return batch


def collate(rows):
    return {
        "pixel_values": torch.stack([row["pixel_values"] for row in rows]),
        "labels": torch.tensor([row["label"] for row in rows]),
    }


def accuracy(prediction):
    return {"accuracy": float((np.argmax(prediction.predictions, 1) == prediction.label_ids).mean())}


def main():
    rows = load_dataset("food101", split="train[:5000]").train_test_split(0.1)
    rows.set_transform(preprocess)
    labels = rows["train"].features["label"].names
    model = AutoModelForImageClassification.from_pretrained(CHECKPOINT, num_labels=len(labels))
    config = LoraConfig(
        r=16,
        lora_alpha=16,
        target_modules=["q_proj", "v_proj"],
        lora_dropout=0.1,
        bias="none",
        modules_to_save=["classifier"],
    )
    model = get_peft_model(model, config)
    args = TrainingArguments(
        "runs/food",
        remove_unused_columns=False,
        learning_rate=5e-3,
        gradient_checkpointing=True,
        gradient_checkpointing_kwargs={"use_reentrant": True},  # expect: PEF407 warning
        eval_strategy="epoch",
        label_names=["labels"],
    )
    trainer = Trainer(
        model,
        args,
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
        compute_metrics=accuracy,
        data_collator=collate,
    )
    trainer.train()
    model.save_pretrained("runs/food/adapter")


if __name__ == "__main__":
    main()
