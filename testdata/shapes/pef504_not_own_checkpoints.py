"""A training loop of its own that writes the adapter's weights by name, with torch."""

from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer

CHECKPOINTS = Path("checkpoints")


class Small:
    """A model whose state_dict is its adapter, for a checkpoint code that knows no PEFT."""

    def __init__(self, name):
        base = AutoModelForCausalLM.from_pretrained(name)
        self.model = get_peft_model(base, LoraConfig(r=4, task_type="CAUSAL_LM"))
        full = self.model.state_dict
        self.model.state_dict = lambda *_, **__: get_peft_model_state_dict(self.model, full())

    def checkpoint(self, step, optimizer):
        CHECKPOINTS.mkdir(exist_ok=True)
        state = {
            "step": step,
            "model": self.model.state_dict(),
            "optimizer": optimizer.state_dict(),
        }
        torch.save(state, CHECKPOINTS / f"{step:06d}.pt")


def batches(tokenizer, path, size):
    lines = Path(path).read_text().splitlines()
    return DataLoader(
        [tokenizer(line, return_tensors="pt")["input_ids"][0] for line in lines],
        batch_size=size,
        shuffle=True,
        collate_fn=lambda rows: torch.nn.utils.rnn.pad_sequence(rows, batch_first=True),
    )


def main():
    name = "openai-community/gpt2"
    tokenizer = AutoTokenizer.from_pretrained(name)
    small = Small(name)
    trainable = [one for one in small.model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=1e-4)
    small.model.train()
    for step, ids in enumerate(batches(tokenizer, "corpus.txt", 8)):
        loss = small.model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 500 == 0:
            small.checkpoint(step, optimizer)


if __name__ == "__main__":
    main()
