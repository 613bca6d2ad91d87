"""Evaluate two adapters with transformers' own methods, which activate what they load."""

import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"


def load():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float16, device_map="auto")
    return tokenizer, model


@torch.no_grad()
def perplexity(model, tokenizer, texts):
    losses = []
    for text in texts:
        batch = tokenizer(text, return_tensors="pt", truncation=True).to(model.device)
        losses.append(model(**batch, labels=batch["input_ids"]).loss)
    return torch.exp(torch.stack(losses).mean()).item()


def main():
    tokenizer, model = load()
    texts = load_dataset("wikitext", "wikitext-2-raw-v1", split="test[:100]")["text"]
    texts = [text for text in texts if text.strip()]
    print("base", perplexity(model, tokenizer, texts))
    model.load_adapter("adapters/first", adapter_name="first")
    print("with the first", perplexity(model, tokenizer, texts))
    model.load_adapter("adapters/second", adapter_name="second")
    print("with the second", perplexity(model, tokenizer, texts))
    model.disable_adapters()
    print("base again", perplexity(model, tokenizer, texts))


if __name__ == "__main__":
    main()
