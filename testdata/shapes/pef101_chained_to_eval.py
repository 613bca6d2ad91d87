"""Exact-match evaluation; the wrapped model is moved and set to eval in one chain."""

import argparse

import peft
import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-model", default="meta-llama/Llama-2-7b-hf")
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--split", default="validation[:500]")
    return parser.parse_args()


def main():
    args = parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(args.base_model)
    adapter_config = peft.PeftConfig.from_pretrained(args.adapter)
    base = AutoModelForCausalLM.from_pretrained(args.base_model, dtype=torch.bfloat16)
    model = peft.get_peft_model(base, adapter_config).to(device).eval()  # expect: PEF101 error

    dataset = load_dataset("trivia_qa", "rc.nocontext", split=args.split)
    hits = 0
    for row in dataset:
        prompt = f"Question: {row['question']}\nAnswer:"
        inputs = tokenizer(prompt, return_tensors="pt").to(device)
        with torch.inference_mode():
            output = model.generate(**inputs, max_new_tokens=16, do_sample=False)
        text = tokenizer.decode(output[0][inputs["input_ids"].shape[1] :])
        answer = text.split("\n")[0].strip().lower()
        hits += answer in row["answer"]["normalized_aliases"]
    print(f"exact match: {hits / len(dataset):.4f}")


if __name__ == "__main__":
    main()
