"""A training class around accelerate that prepares the base before it gets its adapter."""

import torch
from accelerate import Accelerator
from datasets import load_from_disk
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, get_linear_schedule_with_warmup


class Finetuner:
    def __init__(self, name, rows, epochs=3, lr=2e-4):
        self.accelerator = Accelerator(gradient_accumulation_steps=4)
        self.model = AutoModelForCausalLM.from_pretrained(name)
        self.loader = DataLoader(rows, batch_size=8, shuffle=True)
        self.epochs, self.lr = epochs, lr

    def build(self):
        self.model, self.loader = self.accelerator.prepare(self.model, self.loader)
        config = LoraConfig(r=8, lora_alpha=16, lora_dropout=0.05, task_type="CAUSAL_LM")
        self.model = get_peft_model(self.model, config)  # expect: PEF412 warning
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=self.lr)
        schedule = get_linear_schedule_with_warmup(optimizer, 10, len(self.loader) * self.epochs)
        return self.accelerator.prepare(optimizer, schedule)

    def fit(self):
        optimizer, schedule = self.build()
        self.model.train()
        for epoch in range(self.epochs):
            for batch in self.loader:
                with self.accelerator.accumulate(self.model):
                    loss = self.model(**batch).loss
                    self.accelerator.backward(loss)
                    optimizer.step()
                    schedule.step()
                    optimizer.zero_grad()
            self.accelerator.print(f"epoch {epoch}: {loss.item():.3f}")

    def save(self, folder):
        self.accelerator.wait_for_everyone()
        self.accelerator.unwrap_model(self.model).save_pretrained(folder)


if __name__ == "__main__":
    tuner = Finetuner("facebook/opt-125m", load_from_disk("rows").with_format("torch"))
    tuner.fit()
    tuner.save("opt-adapter")
