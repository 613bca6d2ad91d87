"""A loop that keeps the tensors of its best epoch in a file, and takes them back at the end."""

import argparse
from pathlib import Path

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer


class Best:
    """The tensors that can be trained, from the epoch with the lowest loss."""

    def __init__(self, folder):
        self.path = Path(folder) / "best.pt"
        self.loss = float("inf")

    def offer(self, model, loss):
        if loss < self.loss:
            self.loss = loss
            tensors = {name: p.cpu() for name, p in model.named_parameters() if p.requires_grad}
            torch.save(tensors, self.path)

    def restore(self, model):
        model.load_state_dict(torch.load(self.path), strict=False)


def epoch(model, loader, optimizer):
    total = 0.0
    for ids in loader:
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item()
    return total / len(loader)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="TinyLlama/TinyLlama-1.1B-Chat-v1.0")
    parser.add_argument("--folder", default="runs")
    parser.add_argument("--epochs", type=int, default=4)
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(args.base)
    model = AutoModelForCausalLM.from_pretrained(args.base)
    model = get_peft_model(model, LoraConfig(task_type=TaskType.CAUSAL_LM, r=8))
    texts = Path("corpus.txt").read_text().splitlines()
    rows = [tokenizer(text, return_tensors="pt")["input_ids"][0] for text in texts]
    loader = DataLoader(rows, batch_size=1, shuffle=True)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-4)
    best = Best(args.folder)
    for _ in range(args.epochs):
        model.train()
        best.offer(model, epoch(model, loader, optimizer))
    best.restore(model)
    model.save_pretrained(args.folder)


if __name__ == "__main__":
    main()
