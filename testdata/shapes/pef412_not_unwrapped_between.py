"""Continued training: full weights in parallel first, then an adapter on the model inside."""

import torch
from accelerate import Accelerator
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


class Stages:
    def __init__(self, name):
        self.accelerator = Accelerator()
        self.model = AutoModelForCausalLM.from_pretrained(name)

    def pretrain(self, loader):
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-5)
        self.model, optimizer, loader = self.accelerator.prepare(self.model, optimizer, loader)
        self.model.train()
        for batch in loader:
            self.accelerator.backward(self.model(**batch).loss)
            optimizer.step()
            optimizer.zero_grad()
        self.model = self.accelerator.unwrap_model(self.model)

    def adapt(self, loader):
        config = LoraConfig(r=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
        self.model = get_peft_model(self.model, config)
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.model, optimizer, loader = self.accelerator.prepare(self.model, optimizer, loader)
        for batch in loader:
            self.accelerator.backward(self.model(**batch).loss)
            optimizer.step()
            optimizer.zero_grad()
        self.accelerator.unwrap_model(self.model).save_pretrained("adapter")


def parallel(rows):
    parallel = torch.nn.DataParallel(AutoModelForCausalLM.from_pretrained("facebook/opt-125m"))
    with torch.no_grad():
        print([parallel(**row).logits.mean() for row in rows[:4]])
    inner = parallel.module
    tuned = get_peft_model(inner, LoraConfig(r=8, task_type="CAUSAL_LM"))
    tuned.save_pretrained("untrained")


def main(first, second):
    stages = Stages("facebook/opt-125m")
    stages.pretrain(first)
    stages.adapt(second)
