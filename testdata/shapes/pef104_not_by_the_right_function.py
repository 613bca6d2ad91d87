"""Continue from a checkpoint: whole ones by the trainer, adapters by PEFT's own function."""

import os

import fire
import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


def weights_in(folder):
    """Return the weights of a checkpoint, and whether the trainer can resume from it."""
    whole = os.path.join(folder, "pytorch_model.bin")
    if os.path.exists(whole):
        return torch.load(whole), True
    path = os.path.join(folder, "adapter_model.bin")
    return (torch.load(path), False) if os.path.exists(path) else (None, False)


def report(model, weights):
    """Say how the names of the weights differ from those of the model."""
    outcome = model.load_state_dict(weights, strict=False)
    for name in outcome.unexpected_keys[:5]:
        print("not in the model:", name)
    return len(outcome.unexpected_keys)


def train(base="mistralai/Mistral-7B-v0.1", data="train.json", output="out", checkpoint=None):
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, device_map="auto")
    config = LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"], bias="none")
    model = get_peft_model(model, config)
    resume = False
    if checkpoint:
        weights, resume = weights_in(checkpoint)
        if weights is not None and report(model, weights):
            set_peft_model_state_dict(model, weights)

    def encode(row):
        ids = tokenizer(row["text"], truncation=True, max_length=512)["input_ids"]
        return {"input_ids": ids, "labels": ids}

    trainer = Trainer(
        model=model,
        args=TrainingArguments(output, num_train_epochs=1, report_to=[]),
        train_dataset=load_dataset("json", data_files=data)["train"].map(encode),
    )
    trainer.train(resume_from_checkpoint=checkpoint if resume else None)
    model.save_pretrained(output)


if __name__ == "__main__":
    fire.Fire(train)
