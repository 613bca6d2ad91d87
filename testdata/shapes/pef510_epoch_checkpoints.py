"""An own training loop that keeps the best epoch with torch.save, out of habit."""

import argparse
import os

import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, get_linear_schedule_with_warmup


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="google/flan-t5-base")
    parser.add_argument("--output", default="checkpoints")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=8)
    return parser.parse_args()


def evaluate(model, loader, device):
    model.eval()
    total = 0.0
    with torch.no_grad():
        for batch in loader:
            total += model(**batch.to(device)).loss.item()
    return total / len(loader)


def main():
    args = parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForSeq2SeqLM.from_pretrained(args.model)
    config = LoraConfig(task_type=TaskType.SEQ_2_SEQ_LM, r=16, lora_alpha=32, lora_dropout=0.05)
    model = get_peft_model(model, config).to(device)

    def collate(rows):
        batch = tokenizer([row["text"] for row in rows], padding=True, return_tensors="pt")
        batch["labels"] = tokenizer(
            [row["summary"] for row in rows], padding=True, return_tensors="pt"
        ).input_ids
        return batch

    rows = load_dataset("billsum")
    train = DataLoader(rows["train"], args.batch_size, shuffle=True, collate_fn=collate)
    test = DataLoader(rows["test"], args.batch_size, collate_fn=collate)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    schedule = get_linear_schedule_with_warmup(optimizer, 100, len(train) * args.epochs)
    os.makedirs(args.output, exist_ok=True)
    best = float("inf")
    for epoch in range(args.epochs):
        model.train()
        for batch in train:
            loss = model(**batch.to(device)).loss
            loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        loss = evaluate(model, test, device)
        print(f"epoch {epoch}: {loss:.4f}")
        if loss < best:
            best = loss
            torch.save(model.state_dict(), os.path.join(args.output, "best.pt"))  # expect: PEF510 info


if __name__ == "__main__":
    main()
