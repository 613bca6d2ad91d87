"""One script for full fine-tuning, prompt tuning and LoRA: each saves what it should."""

import argparse

from peft import LoraConfig, PromptTuningConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="TinyLlama/TinyLlama-1.1B-Chat-v1.0")
    parser.add_argument("--method", choices=["full", "prompt", "lora", "native"], default="lora")
    parser.add_argument("--output", default="out")
    return parser.parse_args()


def train(model, args):
    settings = TrainingArguments(args.output, max_steps=100, report_to=[])
    trainer = Trainer(model=model, args=settings)
    trainer.train()


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    base = AutoModelForCausalLM.from_pretrained(args.model)
    base.save_pretrained(f"{args.output}/start")
    if args.method == "lora":
        model = get_peft_model(base, LoraConfig(task_type=TaskType.CAUSAL_LM, r=8))
        train(model, args)
        model.save_pretrained(args.output)
    elif args.method == "prompt":
        config = PromptTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=16)
        model = get_peft_model(base, config)
        train(model, args)
        model.save_pretrained(args.output)
        # Virtual tokens live outside the base, which is saved as it was.
        base.save_pretrained(f"{args.output}/base")
    elif args.method == "native":
        # Transformers' own integration: this model saves its adapter.
        base.add_adapter(LoraConfig(r=8))
        train(base, args)
        base.save_pretrained(args.output)
    else:
        train(base, args)
        base.save_pretrained(args.output)
    tokenizer.save_pretrained(args.output)


if __name__ == "__main__":
    main()
