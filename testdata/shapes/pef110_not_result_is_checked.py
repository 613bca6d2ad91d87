"""Load adapter weights by hand, and look at what did not match."""

import argparse
import sys

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", default="adapter.pt")
    parser.add_argument("--head", default=None)
    return parser.parse_args()


def restore(model, path):
    weights = torch.load(path, map_location="cpu", weights_only=True)
    result = set_peft_model_state_dict(model, weights)
    if result.unexpected_keys:
        sys.exit(f"{path}: {len(result.unexpected_keys)} tensors have no place in the model")
    return model


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained("Qwen/Qwen2.5-0.5B")
    model = AutoModelForCausalLM.from_pretrained("Qwen/Qwen2.5-0.5B")
    model = get_peft_model(model, LoraConfig(r=8, task_type="CAUSAL_LM"))
    model = restore(model, args.weights)
    if args.head:
        missing, unexpected = model.load_state_dict(torch.load(args.head), strict=False)
        print(f"{len(missing)} tensors keep their values, {len(unexpected)} are unknown")
    model.eval()
    inputs = tokenizer("Once upon a time", return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=40, do_sample=False)
    print(tokenizer.decode(output[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
