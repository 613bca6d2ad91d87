"""Inference with or without quantisation: only a full-precision base is merged."""

import argparse

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="mistralai/Mistral-7B-v0.1")
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--four-bit", action="store_true")
    return parser.parse_args()


def load(args):
    if args.four_bit:
        quantisation = BitsAndBytesConfig(load_in_4bit=True)
        model = AutoModelForCausalLM.from_pretrained(args.base, quantization_config=quantisation)
    else:
        model = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.bfloat16)
    model = PeftModel.from_pretrained(model, args.adapter)
    if not args.four_bit:
        model = model.merge_and_unload()
    return model


def dequantised(args):
    """Load in 4 bits, and give the weights back their precision before anything is added."""
    quantisation = BitsAndBytesConfig(load_in_4bit=True)
    base = AutoModelForCausalLM.from_pretrained(args.base, quantization_config=quantisation)
    base.dequantize()
    return PeftModel.from_pretrained(base, args.adapter).merge_and_unload()


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    for model in (load(args), dequantised(args)):
        batch = tokenizer("The weather is", return_tensors="pt").to(model.device)
        tokens = model.generate(**batch, max_new_tokens=20, do_sample=False)
        print(tokenizer.decode(tokens[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
