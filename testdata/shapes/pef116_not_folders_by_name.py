"""Several adapters are saved at once, and each is loaded from the folder of its name."""

from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = Path("adapters")
NAMES = ("news", "law", "sport")
BASE = "gpt2"


def config():
    return LoraConfig(task_type="CAUSAL_LM", r=4, fan_in_fan_out=True)


def train(batches):
    base = AutoModelForCausalLM.from_pretrained(BASE)
    model = get_peft_model(base, config(), adapter_name="news")
    model.add_adapter("law", config())
    model.add_adapter("sport", config())
    for name in NAMES:
        model.set_adapter(name)
        optimizer = torch.optim.AdamW(p for p in model.parameters() if p.requires_grad)
        model.train()
        for batch in batches[name]:
            model(**batch).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    model.save_pretrained("adapters")


def load():
    base = AutoModelForCausalLM.from_pretrained(BASE)
    model = PeftModel.from_pretrained(base, "adapters/news", adapter_name="news")
    model.load_adapter("adapters", adapter_name="law", subfolder="law")
    model.load_adapter(str(ROOT / "sport"), adapter_name="sport")
    return model.eval()


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    train(torch.load("batches.pt"))
    model = load()
    inputs = tokenizer("Today", return_tensors="pt")
    for name in NAMES:
        model.set_adapter(name)
        print(name, tokenizer.decode(model.generate(**inputs, max_new_tokens=20)[0]))


if __name__ == "__main__":
    main()
