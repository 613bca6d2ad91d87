"""One script for training and for answering: the config's mode follows the command."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


def build(args):
    model = AutoModelForCausalLM.from_pretrained(args.base)
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        inference_mode=args.command != "train",
        r=args.rank,
        lora_alpha=32,
        lora_dropout=0.1,
    )
    return get_peft_model(model, config)


def train(args):
    model = build(args)
    rows = load_dataset("json", data_files=args.rows, split="train")
    arguments = TrainingArguments(args.output, num_train_epochs=1)
    Trainer(model=model, args=arguments, train_dataset=rows).train()
    model.save_pretrained(args.output)


def answer(args):
    model = build(args)
    model.load_adapter(args.output, "trained")
    model.set_adapter("trained")
    model.eval()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    tokens = tokenizer(args.prompt, return_tensors="pt")
    print(tokenizer.decode(model.generate(**tokens, do_sample=False)[0]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=("train", "answer"))
    parser.add_argument("--base", default="gpt2")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--rows", default="rows.jsonl")
    parser.add_argument("--output", default="runs/one")
    parser.add_argument("--prompt", default="Hello")
    options = parser.parse_args()
    {"train": train, "answer": answer}[options.command](options)
