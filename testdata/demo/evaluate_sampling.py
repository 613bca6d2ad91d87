"""Compare a fine-tuned adapter with its base model on GSM8K, by exact match of the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable

import torch
from datasets import load_dataset
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE_MODEL = "Qwen/Qwen2.5-1.5B"
ADAPTER = "qwen2.5-1.5b-gsm8k-lora"
PROMPT = "Question: {question}\nLet's think step by step.\nAnswer:"
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def last_number(text: str) -> str | None:
    """Return the last number in `text`, without thousands separators."""
    found = NUMBER.findall(text)
    return found[-1].replace(",", "").rstrip(".") if found else None


def reference(answer: str) -> str:
    return answer.split("####")[-1].strip().replace(",", "")


def load_models():
    tokenizer = AutoTokenizer.from_pretrained(BASE_MODEL, padding_side="left")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    base = AutoModelForCausalLM.from_pretrained(
        BASE_MODEL, dtype=torch.bfloat16, device_map="auto"
    )
    model = PeftModel.from_pretrained(base, ADAPTER)
    return model, tokenizer


@torch.inference_mode()
def complete(model, tokenizer, prompts: list[str]) -> list[str]:
    batch = tokenizer(prompts, return_tensors="pt", padding=True).to(model.device)
    output = model.generate(  # expect: PEF202 info
        **batch,
        max_new_tokens=320,
        do_sample=True,
        temperature=0.7,
        top_p=0.95,
        pad_token_id=tokenizer.pad_token_id,
    )
    return tokenizer.batch_decode(
        output[:, batch["input_ids"].shape[1] :], skip_special_tokens=True
    )


def accuracy(model, tokenizer, rows: Iterable[dict], batch_size: int = 16) -> float:
    rows = list(rows)
    right = 0
    for start in range(0, len(rows), batch_size):
        chunk = rows[start : start + batch_size]
        prompts = [PROMPT.format(question=row["question"]) for row in chunk]
        for row, text in zip(chunk, complete(model, tokenizer, prompts)):
            right += last_number(text) == reference(row["answer"])
    return right / len(rows)


def main() -> None:
    model, tokenizer = load_models()
    rows = load_dataset("openai/gsm8k", "main", split="test[:200]")

    adapted = accuracy(model, tokenizer, rows)
    with model.disable_adapter():
        plain = accuracy(model, tokenizer, rows)

    print(f"base    {plain:.3f}")
    print(f"adapter {adapted:.3f}")
    print(f"gain    {adapted - plain:+.3f}")


if __name__ == "__main__":
    main()
