"""A loader with three precisions: only what is not quantised is cast and moved."""

import argparse

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig


def load(name, bits, device):
    if bits == 4:
        config = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_compute_dtype=torch.bfloat16)
    elif bits == 8:
        config = BitsAndBytesConfig(load_in_8bit=True)
    else:
        config = None
    model = AutoModelForCausalLM.from_pretrained(name, quantization_config=config)
    if config is None:
        model = model.to(torch.bfloat16).to(device)
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="mistralai/Mistral-7B-v0.1")
    parser.add_argument("--adapter", default="team/notes-lora")
    parser.add_argument("--bits", type=int, choices=[4, 8, 16], default=4)
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = PeftModel.from_pretrained(load(args.model, args.bits, device), args.adapter)
    if args.bits == 16:
        model = model.merge_and_unload().half()
    inputs = tokenizer("Notes of the meeting:", return_tensors="pt").to(device)
    print(tokenizer.decode(model.generate(**inputs, max_new_tokens=64)[0]))


if __name__ == "__main__":
    main()
