"""Perplexity of several adapters, each loaded on a fresh base model in a loop."""

import csv
import math

import torch
from datasets import load_dataset
from peft import PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE_ID = "mistralai/Mistral-7B-v0.1"
ADAPTERS = [
    "outputs/mistral-r8",
    "outputs/mistral-r16",
    "outputs/mistral-r64",
]


@torch.no_grad()
def perplexity(model, tokenizer, texts):
    losses = []
    for text in texts:
        batch = tokenizer(text, return_tensors="pt", truncation=True, max_length=1024)
        batch = batch.to(model.device)
        losses.append(model(**batch, labels=batch["input_ids"]).loss.item())
    return math.exp(sum(losses) / len(losses))


tokenizer = AutoTokenizer.from_pretrained(BASE_ID)
rows = load_dataset("wikitext", "wikitext-2-raw-v1", split="test")
texts = [text for text in rows["text"] if len(text) > 400][:200]

results = []
for adapter in ADAPTERS:
    base_model = AutoModelForCausalLM.from_pretrained(BASE_ID, dtype=torch.bfloat16, device_map="auto")
    peft_config = PeftConfig.from_pretrained(adapter)
    peft_model = get_peft_model(base_model, peft_config)  # expect: PEF101 error
    peft_model.eval()
    value = perplexity(peft_model, tokenizer, texts)
    print(f"{adapter}: {value:.3f}")
    results.append({"adapter": adapter, "rank": peft_config.r, "perplexity": value})
    del peft_model, base_model

with open("perplexity.csv", "w", newline="") as stream:
    writer = csv.DictWriter(stream, fieldnames=["adapter", "rank", "perplexity"])
    writer.writeheader()
    writer.writerows(results)
