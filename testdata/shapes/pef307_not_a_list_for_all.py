"""Adapts whatever model it is told to, by one list of all the names that it knows."""

import argparse

from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

KNOWN = [
    *["q_proj", "k_proj", "v_proj", "o_proj"],
    *["c_attn", "query_key_value", "Wqkv", "qkv_proj", "W_pack"],
]
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj", "c_attn", "query_key_value"]


def adapt(model, names, rank):
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=names, task_type="CAUSAL_LM")
    return get_peft_model(model, config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="gpt2")
    parser.add_argument("--rank", type=int, default=8)
    args = parser.parse_args()
    adapt(AutoModelForCausalLM.from_pretrained(args.base), KNOWN, args.rank)
    small = adapt(AutoModelForCausalLM.from_pretrained("gpt2"), ATTENTION, 4)
    small.print_trainable_parameters()
    llama = adapt(AutoModelForCausalLM.from_pretrained("meta-llama/Llama-3.2-1B"), ATTENTION, 4)
    llama.print_trainable_parameters()


if __name__ == "__main__":
    main()
