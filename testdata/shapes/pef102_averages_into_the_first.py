"""Averages adapters: each is loaded for its weights, and the mean goes into the first model."""

import argparse

import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer


def weights_of(base, paths):
    found = []
    for path in paths:
        model = PeftModel.from_pretrained(base, path)  # expect: PEF102 warning
        weights = get_peft_model_state_dict(model)
        found.append({name: tensor.clone() for name, tensor in weights.items()})
    return found


def mean(found):
    return {name: torch.stack([one[name] for one in found]).mean(0) for name in found[0]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="Qwen/Qwen2.5-0.5B")
    parser.add_argument("--output", default="averaged")
    parser.add_argument("adapters", nargs="+")
    args = parser.parse_args()

    base = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.bfloat16)
    model = PeftModel.from_pretrained(base, args.adapters[0])
    set_peft_model_state_dict(model, mean(weights_of(base, args.adapters)))
    # The first model's adapter has the mean by now, whatever was loaded over it in between.
    model.merge_and_unload().save_pretrained(args.output)
    AutoTokenizer.from_pretrained(args.base).save_pretrained(args.output)


if __name__ == "__main__":
    main()
