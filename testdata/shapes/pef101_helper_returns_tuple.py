"""Batch inference where a helper returns model and tokenizer as a tuple."""

import json
import sys
from pathlib import Path

import torch
from peft import PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "mistralai/Mistral-7B-v0.1"


def load_model(adapter_dir, device):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.pad_token = tokenizer.eos_token
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)
    peft_config = PeftConfig.from_pretrained(adapter_dir)
    model = get_peft_model(base, peft_config)  # expect: PEF101 error
    return model.to(device), tokenizer


def summarise(model, tokenizer, text):
    prompt = f"Summarise the following report.\n\n{text}\n\nSummary:"
    inputs = tokenizer(prompt, return_tensors="pt", truncation=True, max_length=2048)
    inputs = inputs.to(model.device)
    with torch.no_grad():
        output = model.generate(**inputs, max_new_tokens=200, num_beams=4)
    return tokenizer.decode(output[0][inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def main(argv):
    if len(argv) != 3:
        raise SystemExit("usage: summarise.py ADAPTER_DIR REPORTS.jsonl")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model, tokenizer = load_model(argv[1], device)
    for line in Path(argv[2]).read_text().splitlines():
        report = json.loads(line)
        print(json.dumps({"id": report["id"], "summary": summarise(model, tokenizer, report["text"])}))


if __name__ == "__main__":
    main(sys.argv)
