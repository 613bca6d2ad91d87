"""Perplexity of every checkpoint of a run, merged for speed; all of them onto one base."""

import argparse
import math
from pathlib import Path

import torch
from datasets import load_dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="meta-llama/Llama-3.2-1B")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


@torch.inference_mode()
def perplexity(model, batches, device):
    total, count = 0.0, 0
    for batch in batches:
        ids = batch["input_ids"].to(device)
        total += model(input_ids=ids, labels=ids).loss.item()
        count += 1
    return math.exp(total / count)


def encode(tokenizer, lines):
    for line in lines:
        if line["text"].strip():
            yield tokenizer(line["text"], return_tensors="pt", truncation=True)


def main():
    args = parse()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    rows = load_dataset("wikitext", "wikitext-2-raw-v1", split="test[:200]")
    batches = list(encode(tokenizer, rows))
    base = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.float32)
    base.to(args.device)

    results = {}
    for checkpoint in sorted(args.run.glob("checkpoint-*")):
        model = PeftModel.from_pretrained(base, str(checkpoint))  # expect: PEF512 error
        model = model.merge_and_unload()
        model.eval()
        results[checkpoint.name] = perplexity(model, batches, args.device)
        print(checkpoint.name, results[checkpoint.name])
    print("best:", min(results, key=results.get))


if __name__ == "__main__":
    main()
