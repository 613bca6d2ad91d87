"""Adapters are switched off and on with the methods that act by themselves."""

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "Qwen/Qwen2.5-0.5B"


def perplexity(model, tokenizer, texts):
    losses = []
    with torch.no_grad():
        for text in texts:
            batch = tokenizer(text, return_tensors="pt")
            losses.append(model(**batch, labels=batch["input_ids"]).loss)
    return torch.stack(losses).mean().exp().item()


def main():
    with open("texts.txt", encoding="utf-8") as lines:
        texts = lines.read().split("\n\n")
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    base = AutoModelForCausalLM.from_pretrained(BASE)
    model = PeftModel.from_pretrained(base, "adapters/news", adapter_name="news")
    model.load_adapter("adapters/law", adapter_name="law")
    model.eval()
    results = {}
    for name in ("news", "law"):
        model.set_adapter(name)
        results[name] = perplexity(model, tokenizer, texts)
    model.disable_adapter_layers()
    results["none"] = perplexity(model, tokenizer, texts)
    model.enable_adapter_layers()
    model.set_adapter("news")
    print(model.active_adapter, model.training)
    for name, value in results.items():
        print(f"{name:8} {value:8.2f}")


if __name__ == "__main__":
    main()
