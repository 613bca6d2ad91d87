"""Look-alike: adapter, merged model and base each have a folder of their own."""

import argparse

from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="Qwen/Qwen2.5-0.5B")
    parser.add_argument("--output", default="runs/qwen")
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("--full", action="store_true")
    return parser.parse_args()


def tune(args, rows=None):
    model = AutoModelForCausalLM.from_pretrained(args.base)
    if not args.full:
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=8))
    trainer = Trainer(model, TrainingArguments(args.output, report_to=[]), train_dataset=rows)
    trainer.train()
    trainer.save_model(args.output)
    if args.full:
        model.config.save_pretrained(args.output)
    return model


def merge(args):
    base = AutoModelForCausalLM.from_pretrained(args.base)
    model = PeftModel.from_pretrained(base, args.output).merge_and_unload()
    folder = f"{args.output}-merged"
    model.save_pretrained(folder)
    model.config.save_pretrained(folder)
    AutoTokenizer.from_pretrained(args.base).save_pretrained(folder)


def main():
    args = parse_args()
    tune(args)
    if args.merge and not args.full:
        merge(args)


if __name__ == "__main__":
    main()
