"""Alternating training: the adapter and the head take turns, everything else stays frozen."""

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForTokenClassification


class Alternating:
    def __init__(self, name="bert-base-cased", labels=9):
        base = AutoModelForTokenClassification.from_pretrained(name, num_labels=labels)
        self.model = get_peft_model(base, LoraConfig(task_type=TaskType.TOKEN_CLS, r=8))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)

    def choose(self, what):
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad = False
            if what == "adapter" and "lora_" in name:
                parameter.requires_grad = True
            elif what == "head" and "modules_to_save" in name:
                parameter.requires_grad = True

    def score(self, batch):
        before = {n: p.requires_grad for n, p in self.model.named_parameters()}
        for parameter in self.model.parameters():
            parameter.requires_grad = False
        loss = self.model(**batch).loss.item()
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad = before[name]
        return loss

    def step(self, batch):
        loss = self.model(**batch).loss
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()

    def fit(self, loader):
        for round_, batch in enumerate(loader):
            if round_ % 100 == 0:
                self.choose("adapter" if round_ % 200 == 0 else "head")
                print(round_, self.score(batch))
            self.step(batch)


if __name__ == "__main__":
    runner = Alternating()
    runner.fit(torch.load("batches.pt"))
    runner.model.save_pretrained("alternating")
