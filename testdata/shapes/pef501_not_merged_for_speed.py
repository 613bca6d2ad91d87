"""Look-alike: an evaluation merges to be faster, and saves the base and its scores only.

The false alarm would be PEF501: `merge_and_unload()` is a statement, and saves follow.
"""

import argparse
import json
import time

import torch
from datasets import load_dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--export")
    return parser.parse_args()


@torch.no_grad()
def perplexity(model, tokenizer, texts):
    losses = []
    for text in texts:
        inputs = tokenizer(text, return_tensors="pt").to(model.device)
        losses.append(model(**inputs, labels=inputs["input_ids"]).loss)
    return torch.stack(losses).mean().exp().item()


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    base = AutoModelForCausalLM.from_pretrained(args.base, device_map="auto")
    model = PeftModel.from_pretrained(base, args.adapter)
    model.save_pretrained("adapter-as-loaded")
    model.merge_and_unload()
    model.eval()

    texts = load_dataset("wikitext", "wikitext-2-raw-v1", split="test")["text"][:200]
    started = time.perf_counter()
    score = perplexity(model, tokenizer, [text for text in texts if text.strip()])
    with open("scores.json", "w") as stream:
        json.dump({"perplexity": score, "seconds": time.perf_counter() - started}, stream)
    if args.export:
        base.save_pretrained(args.export)
        tokenizer.save_pretrained(args.export)


if __name__ == "__main__":
    main()
