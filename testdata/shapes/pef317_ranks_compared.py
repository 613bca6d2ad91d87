"""Does a higher rank help? The scale falls as the rank rises."""

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer

BASE = "roberta-base"
LARGE = 128


class Experiment:
    def __init__(self, rank):
        self.tokenizer = AutoTokenizer.from_pretrained(BASE)
        base = AutoModelForSequenceClassification.from_pretrained(BASE, num_labels=2)
        self.model = get_peft_model(base, self.config(rank))

    def config(self, rank):
        if rank == "large":
            return LoraConfig(task_type=TaskType.SEQ_CLS, r=LARGE)  # expect: PEF317 info
        return LoraConfig(task_type=TaskType.SEQ_CLS, r=8)

    def fit(self, rows, lr=2e-4):
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=lr)
        self.model.train()
        for text, label in rows:
            batch = self.tokenizer(text, return_tensors="pt")
            loss = self.model(**batch, labels=torch.tensor([label])).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    @torch.no_grad()
    def accuracy(self, rows):
        self.model.eval()
        right = 0
        for text, label in rows:
            batch = self.tokenizer(text, return_tensors="pt")
            right += self.model(**batch).logits.argmax().item() == label
        return right / len(rows)


def main():
    rows = [("good", 1), ("bad", 0)] * 100
    results = {}
    small, large = Experiment("small"), Experiment("large")
    for name, experiment in (("small", small), ("large", large)):
        experiment.fit(rows)
        results[name] = experiment.accuracy(rows)
    print(results)


if __name__ == "__main__":
    main()
