"""Several kinds of PeftModels that all take their input by position."""

import argparse

import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=["causal", "loaded", "seq2seq", "auto"])
    parser.add_argument("--adapter", default="adapters/last")
    parser.add_argument("--base", default="gpt2")
    return parser.parse_args()


def build(args):
    if args.kind == "causal":
        base = AutoModelForCausalLM.from_pretrained(args.base)
        return get_peft_model(base, LoraConfig(task_type="CAUSAL_LM"))
    if args.kind == "loaded":
        return PeftModel.from_pretrained(
            AutoModelForCausalLM.from_pretrained(args.base), args.adapter
        )
    if args.kind == "auto":
        return AutoPeftModelForCausalLM.from_pretrained(args.adapter)
    base = AutoModelForSeq2SeqLM.from_pretrained(args.base)
    # Without a task type the wrapper is the general one.
    return get_peft_model(base, LoraConfig(r=8, target_modules=["q", "v"]))


@torch.inference_mode()
def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    model = build(args)
    model.eval()
    ids = tokenizer("Once upon a time", return_tensors="pt").input_ids
    output = model.generate(ids, max_new_tokens=20, do_sample=False)
    print(tokenizer.decode(output[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
