"""Adapts networks that the script writes, whose layers are in no other module."""

import torch
from peft import IA3Config, LoraConfig, get_peft_model
from transformers import AutoModel


class Regressor(torch.nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.hidden = torch.nn.Linear(8, width)
        self.output = torch.nn.Linear(width, 1)

    def forward(self, batch):
        return self.output(torch.relu(self.hidden(batch)))


class Siamese(torch.nn.Module):
    def __init__(self, base="bert-base-uncased"):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(base)
        self.project = torch.nn.Linear(768, 64)

    def forward(self, **batch):
        return self.project(self.encoder(**batch).last_hidden_state[:, 0])


def adapted(model, where):
    return get_peft_model(model, LoraConfig(r=4, target_modules=where))


def main():
    one = get_peft_model(Regressor(), LoraConfig(target_modules="hidden", r=2))
    two = get_peft_model(Regressor(), LoraConfig(target_modules="hidden|output", r=2))
    three = get_peft_model(Regressor(), IA3Config(target_modules="hidden", feedforward_modules=[]))
    four = get_peft_model(Siamese(), LoraConfig(target_modules="project"))
    five = adapted(Siamese(), r"encoder\..*\.(query|value)|project")
    encoder = AutoModel.from_pretrained("bert-base-uncased")
    six = adapted(encoder.encoder.layer[0].attention.self, "query|value")
    for model in (one, two, three, four, five, six):
        model.print_trainable_parameters()


if __name__ == "__main__":
    main()
