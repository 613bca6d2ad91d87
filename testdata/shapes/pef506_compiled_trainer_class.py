"""A small trainer that compiles its model if it is told to, and exports the adapter's tensors."""

from dataclasses import dataclass

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer


@dataclass
class Settings:
    checkpoint: str = "google/flan-t5-base"
    output: str = "adapter.safetensors"
    compile: bool = True
    rank: int = 16
    lr: float = 1e-3


class Tuner:
    def __init__(self, settings):
        self.settings = settings
        self.tokenizer = AutoTokenizer.from_pretrained(settings.checkpoint)
        model = AutoModelForSeq2SeqLM.from_pretrained(settings.checkpoint)
        model = get_peft_model(model, LoraConfig(task_type="SEQ_2_SEQ_LM", r=settings.rank))
        self.model = model
        if settings.compile:
            self.model = torch.compile(model, dynamic=True)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=settings.lr)

    def step(self, texts, answers):
        batch = self.tokenizer(texts, padding=True, return_tensors="pt")
        labels = self.tokenizer(answers, padding=True, return_tensors="pt").input_ids
        loss = self.model(**batch, labels=labels).loss
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()

    def export(self):
        weights = get_peft_model_state_dict(self.model)
        save_file(weights, self.settings.output)  # expect: PEF506 warning


def main():
    tuner = Tuner(Settings())
    tuner.model.train()
    for epoch in range(3):
        print(epoch, tuner.step(["question: 1 + 1"], ["2"]))
    tuner.export()


if __name__ == "__main__":
    main()
