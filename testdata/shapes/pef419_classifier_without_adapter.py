"""Classify reviews; the class was copied from a project that tunes quantised models."""

import torch
from peft import prepare_model_for_kbit_training
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

NAME = "distilbert-base-uncased"


class Reviews:
    def __init__(self, labels, device="cuda"):
        self.device = device
        self.tokenizer = AutoTokenizer.from_pretrained(NAME)
        self.model = self._build(labels)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=5e-5)

    def _build(self, labels):
        model = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=labels)
        model.gradient_checkpointing_enable()
        model.enable_input_require_grads()
        model = prepare_model_for_kbit_training(  # expect: PEF419 error
            model, use_gradient_checkpointing=True
        )
        return model.to(self.device)

    def collate(self, rows):
        texts, labels = zip(*rows, strict=True)
        batch = self.tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        batch["labels"] = torch.tensor(labels)
        return batch

    def fit(self, rows, epochs=3):
        loader = DataLoader(rows, batch_size=16, shuffle=True, collate_fn=self.collate)
        self.model.train()
        for epoch in range(epochs):
            total = 0.0
            for batch in loader:
                loss = self.model(**batch.to(self.device)).loss
                loss.backward()
                self.optimizer.step()
                self.optimizer.zero_grad()
                total += loss.item()
            print(f"epoch {epoch}: {total / len(loader):.3f}")

    def save(self, path):
        self.model.save_pretrained(path)
        self.tokenizer.save_pretrained(path)


if __name__ == "__main__":
    reviews = Reviews(labels=2)
    reviews.fit([("good", 1), ("bad", 0)] * 100)
    reviews.save("reviews")
