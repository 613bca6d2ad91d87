"""A seed in TrainingArguments alone seeds nothing: no Trainer is ever constructed."""

import json
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, TrainingArguments


def load(adapter_dir, args):
    base = AutoModelForSeq2SeqLM.from_pretrained("google/flan-t5-large", dtype=torch.bfloat16)
    model = PeftModel.from_pretrained(base, adapter_dir)
    return model.to(args.device)


def paraphrase(model, tokenizer, sentence):
    inputs = tokenizer("paraphrase: " + sentence, return_tensors="pt").to(model.device)
    with torch.no_grad():
        output = model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            max_new_tokens=64,
            **{"num_beams": 1, "do_sample": False},
        )
        variant = model.generate(input_ids=inputs["input_ids"], do_sample=True, top_p=0.95)  # expect: PEF202 info
    return [tokenizer.decode(ids[0], skip_special_tokens=True) for ids in (output, variant)]


def main():
    args = TrainingArguments(output_dir="paraphrases", seed=42, use_cpu=True)
    tokenizer = AutoTokenizer.from_pretrained("google/flan-t5-large")
    model = load("runs/flan-t5-paws", args)
    sentences = Path("sentences.txt").read_text().splitlines()
    pairs = [paraphrase(model, tokenizer, sentence) for sentence in sentences]
    Path("paraphrases.json").write_text(json.dumps(pairs, indent=2))
    changed = sum(greedy != sampled for greedy, sampled in pairs)
    print(f"{changed} of {len(pairs)} differ")


if __name__ == "__main__":
    main()
