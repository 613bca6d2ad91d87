"""Tune with an own loop, save "the old way", and check the result by loading it again."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="EleutherAI/pythia-160m")
    parser.add_argument("--output", default="adapters/pythia")
    parser.add_argument("--steps", type=int, default=500)
    return parser.parse_args()


def train(model, tokenizer, steps):
    rows = load_dataset("wikitext", "wikitext-2-raw-v1")["train"]
    loader = DataLoader(rows["text"], batch_size=4, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
    model.train()
    for _, texts in zip(range(steps), loader):
        batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        loss = model(**batch, labels=batch["input_ids"]).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(args.model)
    config = LoraConfig(task_type=TaskType.CAUSAL_LM, r=8, lora_alpha=16)
    model = get_peft_model(model, config)
    train(model, tokenizer, args.steps)
    model.save_pretrained(args.output, safe_serialization=False)  # expect: PEF513 error
    tokenizer.save_pretrained(args.output)

    again = AutoModelForCausalLM.from_pretrained(args.output)
    prompt = tokenizer("The capital of France is", return_tensors="pt")
    print(tokenizer.decode(again.generate(**prompt, max_new_tokens=5)[0]))


if __name__ == "__main__":
    main()
