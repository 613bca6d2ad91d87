"""Trains any of several models, each with the names that its family has."""

import sys

from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

TARGETS = {
    "gpt2": ["c_attn", "c_proj"],
    "llama": ["q_proj", "v_proj"],
    "gpt_neox": ["query_key_value"],
    "phi3": ["qkv_proj", "o_proj"],
}


def targets_of(base_id):
    family = AutoConfig.from_pretrained(base_id).model_type
    return TARGETS.get(family, "all-linear")


def wrap(base_id):
    model = AutoModelForCausalLM.from_pretrained(base_id)
    try:
        return get_peft_model(model, LoraConfig(target_modules=["q_proj", "v_proj"]))
    except ValueError:
        return get_peft_model(model, LoraConfig(target_modules=targets_of(base_id)))


def wrap_one(base_id):
    model = AutoModelForCausalLM.from_pretrained(base_id)
    if base_id.startswith("meta-llama/"):
        names = TARGETS["llama"]
    else:
        names = TARGETS["gpt2"]
    return get_peft_model(model, LoraConfig(target_modules=names))


if __name__ == "__main__":
    wrap(sys.argv[1] if len(sys.argv) > 1 else "gpt2").print_trainable_parameters()
    wrap_one("gpt2").print_trainable_parameters()
    wrap_one("meta-llama/Llama-3.2-1B").print_trainable_parameters()
