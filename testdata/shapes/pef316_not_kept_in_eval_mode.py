"""Tunes ResNet with its batch norms saved, or kept as they are."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForImageClassification, Trainer, TrainingArguments


def load(labels):
    return AutoModelForImageClassification.from_pretrained(
        "microsoft/resnet-50", num_labels=labels, ignore_mismatched_sizes=True
    )


class StillTrainer(Trainer):
    def training_step(self, model, *args, **kwargs):
        model.train()
        for module in model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.eval()
        return super().training_step(model, *args, **kwargs)


def saved(rows, labels):
    config = LoraConfig(
        target_modules=["convolution"], modules_to_save=["classifier", "normalization"]
    )
    model = get_peft_model(load(labels), config)
    trainer = Trainer(model=model, args=TrainingArguments("saved"), train_dataset=rows)
    trainer.train()
    model.save_pretrained("saved/adapter")


def still(rows, labels):
    config = LoraConfig(target_modules=["convolution"], modules_to_save=["classifier"])
    model = get_peft_model(load(labels), config)
    trainer = StillTrainer(model=model, args=TrainingArguments("still"), train_dataset=rows)
    trainer.train()
    model.save_pretrained("still/adapter")


if __name__ == "__main__":
    images = []
    saved(images, 5)
    still(images, 5)
