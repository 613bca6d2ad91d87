"""Merges an adapter and publishes the full model, whose own save does push."""

import argparse

import torch
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def load(args):
    if args.base is None:
        return AutoPeftModelForCausalLM.from_pretrained(
            args.adapter,
            torch_dtype=torch.bfloat16,
            load_in_8bit=False,
            low_cpu_mem_usage=True,
        )
    base = AutoModelForCausalLM.from_pretrained(args.base, torch_dtype=torch.bfloat16)
    return PeftModel.from_pretrained(
        base,
        args.adapter,
        is_trainable=False,
        revision=args.revision,
        torch_device="cpu",
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base")
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--revision", default="main")
    parser.add_argument("--repository", required=True)
    args = parser.parse_args()
    model = load(args)
    model.save_pretrained("adapter-copy", max_shard_size="1GB")
    merged = model.merge_and_unload()
    merged.save_pretrained("merged", push_to_hub=True, repo_id=args.repository)
    tokenizer = AutoTokenizer.from_pretrained(args.adapter)
    tokenizer.save_pretrained("merged", push_to_hub=True, repo_id=args.repository)


if __name__ == "__main__":
    main()
