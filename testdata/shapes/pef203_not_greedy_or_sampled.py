"""Look-alike: one recipe of settings, used greedily here and for sampling there.

The false alarm would be PEF203: `do_sample=False` meets a temperature on one of the paths.
"""

import argparse
from dataclasses import dataclass

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, set_seed


@dataclass
class Decoding:
    do_sample: bool = False
    temperature: float = 0.7
    top_p: float = 0.9


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--temperature", type=float, default=0.7)
    return parser.parse_args()


def main():
    args = parse_args()
    set_seed(0)
    decoding = Decoding()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    base = AutoModelForCausalLM.from_pretrained(args.base)
    model = PeftModel.from_pretrained(base, args.adapter).eval()
    inputs = tokenizer("Once upon a time", return_tensors="pt")

    settings = GenerationConfig(max_new_tokens=64, do_sample=False, temperature=0.7)
    if args.sample:
        settings.do_sample = True
    with torch.no_grad():
        story = model.generate(**inputs, generation_config=settings)
        plain = model.generate(**inputs, do_sample=False, temperature=None, top_p=None)
        again = model.generate(
            **inputs,
            do_sample=decoding.do_sample,
            temperature=decoding.temperature,
            top_p=decoding.top_p,
        )
        other = model.generate(**inputs, do_sample=args.sample, temperature=args.temperature)
    for tokens in (story, plain, again, other):
        print(tokenizer.decode(tokens[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
