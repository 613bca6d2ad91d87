"""Defect: a report on "before" and "after" that asks one and the same set of layers twice."""

import argparse
import json

import torch
from datasets import load_dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

SYSTEM = "You answer questions about cooking in one sentence."


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="Qwen/Qwen2.5-0.5B-Instruct")
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--output", default="report.json")
    return parser.parse_args()


def answer(model, tokenizer, question):
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    inputs = tokenizer(text, return_tensors="pt").to(model.device)
    with torch.no_grad():
        tokens = model.generate(**inputs, max_new_tokens=64, do_sample=False)
    return tokenizer.decode(tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    base_model = AutoModelForCausalLM.from_pretrained(args.base, device_map="auto")
    tuned_model = PeftModel.from_pretrained(base_model, args.adapter)
    tuned_model.eval()

    questions = load_dataset("json", data_files="questions.jsonl", split="train")
    rows = []
    for row in questions.select(range(args.samples)):
        rows.append(
            {
                "question": row["question"],
                "before": answer(base_model, tokenizer, row["question"]),  # expect: PEF106 error
                "after": answer(tuned_model, tokenizer, row["question"]),
            }
        )
    changed = sum(row["before"] != row["after"] for row in rows)
    print(f"{changed} of {len(rows)} answers changed")
    with open(args.output, "w") as stream:
        json.dump(rows, stream, indent=2)


if __name__ == "__main__":
    main()
