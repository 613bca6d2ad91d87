"""Adds heads to a model, and has them saved with the adapter."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel, AutoModelForCausalLM


class Ranker(torch.nn.Module):
    def __init__(self, base="bert-base-uncased"):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(base)
        self.scores = torch.nn.Linear(768, 1)

    def forward(self, **batch):
        return self.scores(self.encoder(**batch).last_hidden_state[:, 0])


def with_value_head(base="gpt2"):
    model = AutoModelForCausalLM.from_pretrained(base)
    model.lm_heads = torch.nn.ModuleList([torch.nn.Linear(768, 50257) for _ in range(2)])
    return get_peft_model(model, LoraConfig(target_modules=["c_attn"], modules_to_save=["lm_heads"]))


def with_probe(base="gpt2", name="probe"):
    model = AutoModelForCausalLM.from_pretrained(base)
    model.add_module(name, torch.nn.Linear(768, 2))
    return get_peft_model(model, LoraConfig(target_modules=["c_attn"], modules_to_save=["classifier"]))


def ranker():
    config = LoraConfig(target_modules=["query", "value"], modules_to_save=["scores"])
    return get_peft_model(Ranker(), config)


def with_unknown_names(base, names):
    model = AutoModelForCausalLM.from_pretrained(base)
    return get_peft_model(model, LoraConfig(modules_to_save=[f"{name}_head" for name in names]))


if __name__ == "__main__":
    with_value_head().print_trainable_parameters()
    with_probe(name="classifier").print_trainable_parameters()
    ranker().print_trainable_parameters()
    with_unknown_names("gpt2", ["value", "lm"]).print_trainable_parameters()
