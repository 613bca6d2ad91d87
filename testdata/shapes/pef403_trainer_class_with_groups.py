"""A small training framework: the model is wrapped when the settings ask for it."""

import torch
from accelerate import Accelerator
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM

NO_DECAY = ("bias", "norm.weight")


class Run:
    def __init__(self, settings):
        self.settings = settings
        self.accelerator = Accelerator(gradient_accumulation_steps=settings["accumulate"])
        self.model = AutoModelForCausalLM.from_pretrained(settings["model"])
        self.optimizer = self.make_optimizer()
        if settings["lora"]:
            self.add_lora(settings["rank"])
        self.model, self.optimizer = self.accelerator.prepare(self.model, self.optimizer)

    def make_optimizer(self):
        named = list(self.model.named_parameters())
        groups = [
            {
                "params": [p for n, p in named if not n.endswith(NO_DECAY)],
                "weight_decay": self.settings["decay"],
            },
            {"params": [p for n, p in named if n.endswith(NO_DECAY)], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.settings["lr"])  # expect: PEF403 error

    def add_lora(self, rank):
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
        self.model = get_peft_model(self.model, config)
        self.model.print_trainable_parameters()

    def fit(self, loader):
        self.model.train()
        for step, batch in enumerate(loader):
            with self.accelerator.accumulate(self.model):
                loss = self.model(**batch).loss
                self.accelerator.backward(loss)
                self.optimizer.step()
                self.optimizer.zero_grad()
            if step % 50 == 0:
                self.accelerator.print(step, loss.item())

    def save(self, folder):
        self.accelerator.unwrap_model(self.model).save_pretrained(folder)


SETTINGS = {
    "model": "Qwen/Qwen2.5-0.5B",
    "lora": True,
    "rank": 16,
    "lr": 1e-4,
    "decay": 0.01,
    "accumulate": 8,
}

if __name__ == "__main__":
    run = Run(SETTINGS)
    run.fit(DataLoader(torch.load("batches.pt"), batch_size=None, shuffle=True))
    run.save("qwen-lora")
