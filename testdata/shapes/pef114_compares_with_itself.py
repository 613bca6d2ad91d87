"""A table of answers with and without the adapter; both columns come from the adapter."""

import argparse
import csv

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="meta-llama/Llama-3.2-1B")
    parser.add_argument("--adapter", default="runs/support/final")
    parser.add_argument("--prompts", default="prompts.txt")
    parser.add_argument("--output", default="answers.csv")
    return parser.parse_args()


class Comparison:
    def __init__(self, base, adapter):
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
        self.model = PeftModel.from_pretrained(model, adapter).to("cuda")

    @torch.inference_mode()
    def answer(self, prompt):
        inputs = self.tokenizer(prompt, return_tensors="pt").to("cuda")
        output = self.model.generate(**inputs, max_new_tokens=100, do_sample=False)
        return self.tokenizer.decode(output[0], skip_special_tokens=True)

    def both(self, prompts):
        tuned = [self.answer(prompt) for prompt in prompts]
        self.model.disable_adapter()  # expect: PEF114 error
        plain = [self.answer(prompt) for prompt in prompts]
        return zip(prompts, plain, tuned)


def main():
    args = parse_args()
    with open(args.prompts, encoding="utf-8") as lines:
        prompts = [line.strip() for line in lines if line.strip()]
    comparison = Comparison(args.base, args.adapter)
    with open(args.output, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["prompt", "base", "tuned"])
        writer.writerows(comparison.both(prompts))


if __name__ == "__main__":
    main()
