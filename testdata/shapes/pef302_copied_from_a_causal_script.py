"""A sentiment classifier whose adapter config comes from the instruction-tuning script."""

import argparse

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

LABELS = ["negative", "neutral", "positive"]


class Sentiment:
    def __init__(self, name, rank):
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        base = AutoModelForSequenceClassification.from_pretrained(name, num_labels=len(LABELS))
        base.config.pad_token_id = self.tokenizer.pad_token_id
        self.model = get_peft_model(base, self.config(rank))

    def config(self, rank):
        return LoraConfig(
            r=rank,
            lora_alpha=2 * rank,
            lora_dropout=0.1,
            bias="none",
            task_type=TaskType.CAUSAL_LM,  # expect: PEF302 error
        )

    def fit(self, rows, epochs, lr):
        loader = DataLoader(rows, batch_size=16, shuffle=True, collate_fn=self.collate)
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=lr)
        self.model.train()
        for _ in range(epochs):
            for batch in loader:
                loss = self.model(**batch).loss
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()

    def collate(self, rows):
        batch = self.tokenizer([text for text, _ in rows], padding=True, return_tensors="pt")
        batch["labels"] = torch.tensor([label for _, label in rows])
        return batch

    def save(self, folder):
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="roberta-base")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=3)
    args = parser.parse_args()
    sentiment = Sentiment(args.model, args.rank)
    sentiment.fit([("good", 2), ("bad", 0)] * 64, args.epochs, 2e-4)
    sentiment.save("sentiment")


if __name__ == "__main__":
    main()
