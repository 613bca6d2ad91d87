"""Reads the targets from a command line, and makes a list or a pattern of them."""

import argparse
import re

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification

DEFAULT = "q_proj,v_proj"


def read_targets(text):
    if text in ("all-linear", "all_linear"):
        return "all-linear"
    if any(sign in text for sign in "*|()"):
        re.compile(text)
        return text
    return [name.strip() for name in text.split(",") if name.strip()]


def wrap(base, targets, rank):
    model = AutoModelForCausalLM.from_pretrained(base)
    config = LoraConfig(r=rank, target_modules=read_targets(targets))
    return get_peft_model(model, config)


def wrap_default(base, rank):
    model = AutoModelForCausalLM.from_pretrained(base)
    config = LoraConfig(r=rank, target_modules=DEFAULT.split(","))
    return get_peft_model(model, config)


def wrap_upper_layers(base, first, last):
    model = AutoModelForCausalLM.from_pretrained(base)
    numbers = "|".join(str(number) for number in range(first, last))
    config = LoraConfig(target_modules=rf".*\.layers\.({numbers})\..*(q_proj|v_proj)")
    return get_peft_model(model, config)


def wrap_head(base):
    model = AutoModelForTokenClassification.from_pretrained(base, num_labels=3)
    return get_peft_model(model, LoraConfig(target_modules="classifier", task_type=None))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("--targets", default=DEFAULT)
    parser.add_argument("--rank", type=int, default=8)
    args = parser.parse_args()
    wrap(args.base, args.targets, args.rank).print_trainable_parameters()
    wrap("gpt2", "c_attn,c_proj", 4)
    wrap_default(args.base, args.rank)
    wrap_upper_layers("meta-llama/Llama-3.2-1B", 8, 16)
    wrap_head("dslim/bert-base-NER")


if __name__ == "__main__":
    main()
