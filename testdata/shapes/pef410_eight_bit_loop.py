"""An own loop on an 8-bit model, from the time before adapters were added to it."""

import argparse

import torch
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, get_scheduler


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="facebook/opt-350m")
    parser.add_argument("--data", default="lines.txt")
    parser.add_argument("--epochs", type=int, default=2)
    return parser.parse_args()


class Trainer:
    def __init__(self, args):
        self.args = args
        self.tokenizer = AutoTokenizer.from_pretrained(args.model)
        self.model = AutoModelForCausalLM.from_pretrained(
            args.model, load_in_8bit=True, device_map={"": 0}
        )
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(parameters, lr=1e-5)  # expect: PEF410 warning

    def collate(self, lines):
        batch = self.tokenizer(lines, padding=True, truncation=True, return_tensors="pt")
        batch["labels"] = batch["input_ids"].clone()
        return batch

    def run(self):
        with open(self.args.data) as file:
            lines = [line.strip() for line in file]
        loader = DataLoader(lines, batch_size=8, shuffle=True, collate_fn=self.collate)
        schedule = get_scheduler("linear", self.optimizer, 100, len(loader) * self.args.epochs)
        self.model.train()
        for _ in range(self.args.epochs):
            for batch in loader:
                loss = self.model(**batch.to("cuda")).loss
                loss.backward()
                self.optimizer.step()
                schedule.step()
                self.optimizer.zero_grad()
        self.model.save_pretrained("tuned")


if __name__ == "__main__":
    Trainer(parse_args()).run()
