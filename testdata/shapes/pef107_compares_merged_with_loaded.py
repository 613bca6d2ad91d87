"""Does the merged model answer as the adapter does? The check loads onto the merged base."""

import argparse

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = ["The capital of France is", "Two and two make"]


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="meta-llama/Llama-3.2-1B")
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--tolerance", type=float, default=1e-2)
    return parser.parse_args()


@torch.no_grad()
def logits_of(model, tokenizer):
    rows = []
    for prompt in PROMPTS:
        inputs = tokenizer(prompt, return_tensors="pt").to(model.device)
        rows.append(model(**inputs).logits[0, -1].float().cpu())
    return torch.stack(rows)


def main():
    args = parse()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    base = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.float32)
    merged = PeftModel.from_pretrained(base, args.adapter).merge_and_unload()
    of_merged = logits_of(merged, tokenizer)

    loaded = PeftModel.from_pretrained(base, args.adapter)  # expect: PEF107 error
    of_loaded = logits_of(loaded, tokenizer)

    apart = (of_merged - of_loaded).abs().max().item()
    print(f"largest difference: {apart:.4f}")
    if apart > args.tolerance:
        raise SystemExit("the merged model is not the same")


if __name__ == "__main__":
    main()
