"""Sampling is switched on in a GenerationConfig; only random and numpy are seeded."""

import random

import numpy as np
import torch
from datasets import load_dataset
from peft import PeftConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

random.seed(42)
np.random.seed(42)

PEFT_ID = "acme/falcon-7b-headlines-lora"

peft_config = PeftConfig.from_pretrained(PEFT_ID)
tokenizer = AutoTokenizer.from_pretrained(peft_config.base_model_name_or_path)
tokenizer.pad_token = tokenizer.eos_token
model = AutoModelForCausalLM.from_pretrained(
    peft_config.base_model_name_or_path, dtype=torch.bfloat16, device_map="auto"
)
model = PeftModel.from_pretrained(model, PEFT_ID)
model.eval()

generation_config = GenerationConfig(
    do_sample=True,
    temperature=0.9,
    top_p=0.92,
    max_new_tokens=24,
    pad_token_id=tokenizer.pad_token_id,
)


def overlap(a, b):
    a, b = set(a.lower().split()), set(b.lower().split())
    return len(a & b) / max(len(a | b), 1)


rows = load_dataset("abisee/cnn_dailymail", "3.0.0", split="test[:100]")
scores = []
for row in rows:
    prompt = f"{row['article'][:2000]}\n\nHeadline:"
    inputs = tokenizer(prompt, return_tensors="pt").to(model.device)
    with torch.inference_mode():
        ids = model.generate(input_ids=inputs["input_ids"], generation_config=generation_config)  # expect: PEF202 info
    headline = tokenizer.decode(ids[0][inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    scores.append(overlap(headline, row["highlights"]))
print(f"mean overlap {np.mean(scores):.4f}")
