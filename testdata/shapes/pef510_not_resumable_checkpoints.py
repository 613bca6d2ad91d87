"""Look-alike: checkpoints with everything in them, from which the same script goes on."""

import argparse
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer


class Run:
    def __init__(self, name, folder):
        self.folder = Path(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        base = AutoModelForCausalLM.from_pretrained(name)
        self.model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", r=8))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.step = 0

    def save(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.save(self.model.state_dict(), self.folder / "model.pt")
        torch.save(
            {"optimizer": self.optimizer.state_dict(), "step": self.step},
            self.folder / "state.pt",
        )

    def resume(self):
        path = self.folder / "model.pt"
        if path.exists():
            self.model.load_state_dict(torch.load(path, map_location="cpu"))
            state = torch.load(self.folder / "state.pt", map_location="cpu")
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = state["step"]

    def fit(self, loader, every=100):
        self.model.train()
        for batch in loader:
            loss = self.model(**batch, labels=batch["input_ids"]).loss
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.step += 1
            if self.step % every == 0:
                self.save()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="gpt2")
    parser.add_argument("--output", default="runs/gpt2")
    args = parser.parse_args()
    run = Run(args.model, args.output)
    run.resume()
    texts = Path("corpus.txt").read_text().splitlines()
    run.fit(DataLoader([run.tokenizer(text, return_tensors="pt") for text in texts]))
    run.model.save_pretrained(args.output)


if __name__ == "__main__":
    main()
