"""A hand-written loop that restores the best weights at its end."""

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification


class Finetuner:
    def __init__(self, name, labels, device):
        base = AutoModelForSequenceClassification.from_pretrained(name, num_labels=labels)
        config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_dropout=0.1)
        self.model = get_peft_model(base, config).to(device)
        self.device = device
        self.best = float("inf")

    def fit(self, train: DataLoader, valid: DataLoader, epochs: int, path: str):
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=2e-4)
        for epoch in range(epochs):
            self.model.train()
            for batch in train:
                batch = {key: value.to(self.device) for key, value in batch.items()}
                loss = self.model(**batch).loss
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
            loss = self.evaluate(valid)
            print(f"epoch {epoch}: {loss:.4f}")
            if loss < self.best:
                self.best = loss
                torch.save(self.model.state_dict(), path)
        self.restore(path)

    @torch.no_grad()
    def evaluate(self, valid: DataLoader) -> float:
        self.model.eval()
        losses = []
        for batch in valid:
            batch = {key: value.to(self.device) for key, value in batch.items()}
            losses.append(self.model(**batch).loss.item())
        return sum(losses) / len(losses)

    def restore(self, path: str):
        weights = torch.load(path, map_location=self.device)
        self.model = self.model.load_state_dict(weights)  # expect: PEF110 error


def run(train, valid):
    tuner = Finetuner("roberta-base", 4, "cuda")
    tuner.fit(train, valid, epochs=5, path="best.pt")
    return tuner
