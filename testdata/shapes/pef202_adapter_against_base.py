"""Scores of adapter and base are compared, and both are sampled without a seed."""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "mistralai/Mistral-7B-v0.1"


@torch.no_grad()
def answer(model, tokenizer, question):
    inputs = tokenizer(f"Q: {question}\nA:", return_tensors="pt").to(model.device)
    output = model.generate(**inputs, do_sample=True, temperature=0.8, max_new_tokens=32)  # expect: PEF202 info
    return tokenizer.decode(output[0][inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def score(model, tokenizer, rows):
    right = 0
    for row in rows:
        right += row["answer"].lower() in answer(model, tokenizer, row["question"]).lower()
    return right / len(rows)


def main():
    adapter, path = sys.argv[1:3]
    with open(path) as stream:
        rows = [json.loads(line) for line in stream]
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16, device_map="auto")
    model = PeftModel.from_pretrained(base, adapter)

    with_adapter = score(model, tokenizer, rows)
    with model.disable_adapter():
        without = score(model, tokenizer, rows)
    print(f"adapter {with_adapter:.3f}, base {without:.3f}")
    assert with_adapter > without, "the adapter does not help"


if __name__ == "__main__":
    main()
