"""A registry of the project has methods with such names, and calls PEFT's inside them."""

from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM


class Registry:
    """Keeps a model and its adapters below one folder."""

    def __init__(self, base, folder):
        self.folder = Path(folder)
        self.model = get_peft_model(
            AutoModelForCausalLM.from_pretrained(base), LoraConfig(task_type="CAUSAL_LM")
        )

    def save_adapter(self, name="default"):
        self.model.save_pretrained(self.folder, selected_adapters=[name])

    def save_all_adapters(self):
        self.model.save_pretrained(self.folder)

    def set_active_adapters(self, name):
        self.model.set_adapter(name)

    def train_adapter(self, batches, name="default"):
        self.set_active_adapters(name)
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.model.train()
        for batch in batches:
            self.model(**batch).loss.backward()
            optimizer.step()
            optimizer.zero_grad()


class Versioned(PeftModel):
    """A PeftModel that counts what it saved."""

    saved = 0

    def save_adapter(self, folder):
        self.saved += 1
        self.save_pretrained(f"{folder}/{self.saved}")


def main(batches):
    registry = Registry("gpt2", "adapters")
    registry.train_adapter(batches)
    registry.save_all_adapters()
    base = AutoModelForCausalLM.from_pretrained("gpt2")
    model = Versioned(base, LoraConfig(task_type="CAUSAL_LM"))
    model.save_adapter("versions")
