"""Compare two adapters on the same questions; the second column repeats the first."""

import argparse
import json
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="mistralai/Mistral-7B-v0.1")
    parser.add_argument("--before", default="runs/sft/checkpoint-500")
    parser.add_argument("--after", default="runs/dpo/checkpoint-500")
    parser.add_argument("--questions", default="questions.jsonl")
    return parser.parse_args()


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["question"] for line in lines]


@torch.inference_mode()
def answer(model, tokenizer, question):
    inputs = tokenizer(question, return_tensors="pt").to(model.device)
    output = model.generate(**inputs, max_new_tokens=200, do_sample=False)
    return tokenizer.decode(output[0], skip_special_tokens=True)


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    base = AutoModelForCausalLM.from_pretrained(args.base, dtype="auto", device_map="auto")
    model = PeftModel.from_pretrained(base, args.before, adapter_name="sft")
    questions = read(args.questions)
    before = [answer(model, tokenizer, question) for question in questions]
    model.load_adapter(args.after, adapter_name="dpo")  # expect: PEF105 error
    after = [answer(model, tokenizer, question) for question in questions]
    rows = [
        {"question": question, "sft": one, "dpo": other}
        for question, one, other in zip(questions, before, after)
    ]
    Path("comparison.json").write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
