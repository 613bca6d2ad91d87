"""Norms and head belong to the adapter; unfreezing them once more does no harm."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

PARTS = ["norm", "lm_head"]


def build(name, merge_later):
    base = AutoModelForCausalLM.from_pretrained(name)
    config = LoraConfig(r=16, target_modules=["q_proj", "v_proj"], modules_to_save=PARTS)
    model = get_peft_model(base, config)
    model.base_model.model.lm_head.requires_grad_(True)
    for parameter in model.base_model.model.model.norm.parameters():
        parameter.requires_grad = True
    if merge_later:
        print("the full model is written at the end")
    return model


def main(merge_later=False):
    model = build("Qwen/Qwen2.5-0.5B", merge_later)
    rows = torch.load("rows.pt")
    trainer = Trainer(
        model=model,
        args=TrainingArguments("parts", learning_rate=1e-4, save_strategy="epoch"),
        train_dataset=rows,
    )
    trainer.train()
    if merge_later:
        model = model.merge_and_unload()
    model.save_pretrained("parts/final")


if __name__ == "__main__":
    main()
