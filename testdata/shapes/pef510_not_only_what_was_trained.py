"""Look-alike: one script for full tuning and LoRA; each saves what it has trained, and no more."""

import argparse
import os

import torch
from peft import LoraConfig, TaskType, get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="roberta-base")
    parser.add_argument("--method", choices=["full", "head", "lora", "merged"], default="lora")
    parser.add_argument("--output", default="out")
    return parser.parse_args()


def trained(model):
    return {name: p.detach().cpu() for name, p in model.named_parameters() if p.requires_grad}


def save(model, args):
    os.makedirs(args.output, exist_ok=True)
    path = os.path.join(args.output, "weights.pt")
    if args.method == "full":
        torch.save(model.state_dict(), path)
    elif args.method == "head":
        torch.save(model.classifier.state_dict(), path)
    elif args.method == "lora":
        torch.save(get_peft_model_state_dict(model), path)
        torch.save(trained(model), os.path.join(args.output, "trained.pt"))
    else:
        merged = model.merge_and_unload()
        torch.save(merged.state_dict(), path)


def main():
    args = parse_args()
    model = AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=2)
    if args.method in ("lora", "merged"):
        config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16)
        model = get_peft_model(model, config)
    elif args.method == "head":
        for parameter in model.roberta.parameters():
            parameter.requires_grad = False
    trainer = Trainer(model=model, args=TrainingArguments(args.output, report_to=[]))
    trainer.train()
    save(model, args)


if __name__ == "__main__":
    main()
