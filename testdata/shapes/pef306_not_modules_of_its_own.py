"""Puts adapters on modules that the script adds, and on a model of its own."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel, AutoModelForCausalLM


class Ranker(torch.nn.Module):
    def __init__(self, base_id="bert-base-uncased"):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(base_id)
        self.project = torch.nn.Linear(768, 128)
        self.score = torch.nn.Linear(128, 1)

    def forward(self, **batch):
        hidden = self.encoder(**batch).last_hidden_state[:, 0]
        return self.score(torch.relu(self.project(hidden)))


class Gate(torch.nn.Module):
    def __init__(self, inner, size):
        super().__init__()
        self.inner = inner
        self.gate = torch.nn.Linear(size, size)

    def forward(self, hidden, *args, **kwargs):
        return torch.sigmoid(self.gate(hidden)) * self.inner(hidden, *args, **kwargs)


def gated(base_id):
    model = AutoModelForCausalLM.from_pretrained(base_id)
    for block in model.transformer.h:
        block.mlp = Gate(block.mlp, model.config.n_embd)
    return get_peft_model(model, LoraConfig(target_modules=["gate"]))


def main():
    ranker = get_peft_model(Ranker(), LoraConfig(target_modules=["project"], r=4))
    ranker.print_trainable_parameters()
    gated("gpt2").print_trainable_parameters()


if __name__ == "__main__":
    main()
