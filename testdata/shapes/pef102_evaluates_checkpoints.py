"""Scores several adapters on one base that is loaded once, to save time."""

import argparse
import json
from pathlib import Path

import torch
from datasets import load_from_disk
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def accuracy(model, tokenizer, rows):
    right = 0
    for row in rows:
        inputs = tokenizer(row["question"], return_tensors="pt").to(model.device)
        output = model.generate(**inputs, max_new_tokens=4, do_sample=False)
        answer = tokenizer.decode(output[0, inputs["input_ids"].shape[1] :])
        right += answer.strip().startswith(row["answer"])
    return right / len(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="mistralai/Mistral-7B-v0.1")
    parser.add_argument("adapters", nargs="+")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(args.base)
    base = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.bfloat16)
    rows = load_from_disk("data/questions")
    scores = {"base": accuracy(base, tokenizer, rows)}
    for path in args.adapters:
        model = PeftModel.from_pretrained(base, path)  # expect: PEF102 warning
        scores[path] = accuracy(model, tokenizer, rows)
        print(f"{path}: {scores[path]:.3f}")
    Path("scores.json").write_text(json.dumps(scores, indent=2))


if __name__ == "__main__":
    main()
