"""Names of modules come from the command line, as one string that is split before use."""

import argparse

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


def names(text):
    found = [name.strip() for name in text.split(",") if name.strip()]
    return found or None


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="gpt2")
    parser.add_argument("--modules-to-save", default="lm_head,wte")
    parser.add_argument("--target-modules", default="c_attn")
    parser.add_argument("--rank", type=int, default=8)
    return parser.parse_args()


def build(args):
    model = AutoModelForCausalLM.from_pretrained(args.base)
    config = LoraConfig(
        r=args.rank,
        target_modules=names(args.target_modules),
        modules_to_save=names(args.modules_to_save),
        fan_in_fan_out=True,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


if __name__ == "__main__":
    arguments = parse()
    model = build(arguments)
    model.print_trainable_parameters()
