"""Bits from the command line: without any, the loading call gets no config at all."""

import argparse

import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

DTYPES = {"torch.float16": torch.float16, "torch.bfloat16": torch.bfloat16}


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="mistralai/Mistral-7B-v0.1")
    parser.add_argument("--bits", type=int, default=16, choices=(4, 8, 16))
    parser.add_argument("--compute-dtype", default="torch.bfloat16")
    return parser.parse_args()


def quantisation(bits, compute_dtype):
    if bits == 4:
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_compute_dtype=DTYPES[compute_dtype],
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
        )
    if bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True, load_in_4bit=False)
    return None


def main():
    args = parse()
    config = quantisation(args.bits, args.compute_dtype)
    model = AutoModelForCausalLM.from_pretrained(args.base, quantization_config=config)
    if config is not None:
        model = prepare_model_for_kbit_training(model)
    model = get_peft_model(model, LoraConfig(r=16, task_type="CAUSAL_LM"))
    model.print_trainable_parameters()


if __name__ == "__main__":
    main()
