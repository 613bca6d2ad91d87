"""Look-alike: several adapters on one base, each taken off before the next is loaded.

The false alarm would be PEF102: the same base is wrapped in every round.
"""

import torch
from datasets import load_from_disk
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE_ID = "mistralai/Mistral-7B-v0.1"
ADAPTERS = {
    "legal": "out/legal",
    "medical": "out/medical",
    "finance": "out/finance",
    "travel": "out/travel",
}


@torch.no_grad()
def loss_on(model, tokenizer, texts):
    total = 0.0
    for text in texts:
        batch = tokenizer(text, return_tensors="pt")
        total += model(**batch, labels=batch["input_ids"]).loss.item()
    return total / len(texts)


tokenizer = AutoTokenizer.from_pretrained(BASE_ID)
base = AutoModelForCausalLM.from_pretrained(BASE_ID, dtype=torch.bfloat16)
for domain, path in ADAPTERS.items():
    texts = load_from_disk(f"data/{domain}")["text"]
    model = PeftModel.from_pretrained(base, path)
    print(domain, loss_on(model, tokenizer, texts))
    base = model.unload()
