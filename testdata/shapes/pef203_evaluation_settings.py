"""Defect: an evaluation reports a temperature that its beam search never reads."""

import json

import evaluate
import torch
from datasets import load_dataset
from peft import PeftModel
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, GenerationConfig

BASE = "google/flan-t5-base"
ADAPTER = "checkpoints/summaries"

settings = GenerationConfig(  # expect: PEF203 info
    max_new_tokens=128,
    num_beams=4,
    do_sample=False,
    temperature=0.7,
    top_p=0.95,
)


def load():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    base = AutoModelForSeq2SeqLM.from_pretrained(BASE, device_map="auto")
    model = PeftModel.from_pretrained(base, ADAPTER)
    model.eval()
    return model, tokenizer


@torch.no_grad()
def summarise(model, tokenizer, texts):
    inputs = tokenizer(texts, return_tensors="pt", padding=True, truncation=True)
    tokens = model.generate(**inputs.to(model.device), generation_config=settings)
    return tokenizer.batch_decode(tokens, skip_special_tokens=True)


def main():
    model, tokenizer = load()
    rouge = evaluate.load("rouge")
    rows = load_dataset("samsum", split="test")
    predictions, references = [], []
    for start in range(0, len(rows), 16):
        batch = rows[start : start + 16]
        predictions += summarise(model, tokenizer, batch["dialogue"])
        references += batch["summary"]
    scores = rouge.compute(predictions=predictions, references=references)
    with open("scores.json", "w") as stream:
        json.dump({"temperature": settings.temperature, **scores}, stream)


if __name__ == "__main__":
    main()
