"""The text-generation pipeline samples although nobody asked for it."""

import argparse
import json

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline

LABELS = ("positive", "negative", "neutral")


def load_pipeline(adapter):
    tokenizer = AutoTokenizer.from_pretrained("Qwen/Qwen2.5-0.5B")
    base = AutoModelForCausalLM.from_pretrained("Qwen/Qwen2.5-0.5B", dtype=torch.bfloat16)
    model = PeftModel.from_pretrained(base, adapter)
    return pipeline("text-generation", model=model, tokenizer=tokenizer)


def label_of(text):
    words = text.lower().split()
    return next((label for label in LABELS if label in words), None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--data", required=True)
    args = parser.parse_args()

    pipe = load_pipeline(args.adapter)
    with open(args.data) as stream:
        rows = [json.loads(line) for line in stream]

    hits = 0
    for row in rows:
        prompt = f"Review: {row['text']}\nSentiment ({', '.join(LABELS)}):"
        output = pipe(prompt, max_new_tokens=4, return_full_text=False)  # expect: PEF202 info
        hits += label_of(output[0]["generated_text"]) == row["label"]
    print(f"accuracy {hits / len(rows):.3f} on {len(rows)} reviews")


if __name__ == "__main__":
    main()
