"""One export for each adapter, with a base that is loaded for it and dropped again."""

import argparse
import gc

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def merged(base_id, adapter, dtype=torch.float16):
    base = AutoModelForCausalLM.from_pretrained(base_id, dtype=dtype)
    tuned = PeftModel.from_pretrained(base, adapter)
    return tuned.merge_and_unload()


def check(model, tokenizer):
    inputs = tokenizer("Once upon a time", return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=12, do_sample=False)
    print(tokenizer.decode(output[0]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("adapters", nargs="+")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    for adapter in args.adapters:
        full = merged(args.base, adapter)
        check(full, tokenizer)
        folder = adapter.rstrip("/") + "-full"
        full.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        del full
        gc.collect()


if __name__ == "__main__":
    main()
