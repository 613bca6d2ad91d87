"""Helpers of the project have names of PEFT's and an order of their own."""

import torch
from peft import LoraConfig
from peft import get_peft_model as wrap
from transformers import AutoModelForCausalLM


def get_peft_model(config, model):
    """Take the config first, as all makers of this project do."""
    return wrap(model, config)


class PeftModel:
    """Holds a wrapped model; the path comes first here."""

    def __init__(self, model):
        self.model = model

    @classmethod
    def from_pretrained(cls, path, model):
        model.load_adapter(path)
        return cls(model)


class Registry:
    def __init__(self, model):
        self.model = model
        self.configs = {}

    def add_adapter(self, config, name):
        self.configs[name] = config
        self.model.add_adapter(name, config)


def main():
    base = AutoModelForCausalLM.from_pretrained("gpt2")
    config = LoraConfig(r=8, target_modules=["c_attn"], task_type="CAUSAL_LM")
    model = get_peft_model(config, base)
    registry = Registry(model)
    registry.add_adapter(LoraConfig(r=4, target_modules=["c_attn"]), "second")
    other = AutoModelForCausalLM.from_pretrained("gpt2")
    server = PeftModel.from_pretrained("adapters/first", other)
    with torch.no_grad():
        ids = torch.tensor([[1, 2, 3]])
        print(server.model.eval()(ids).logits.shape)
    model.save_pretrained("out")


if __name__ == "__main__":
    main()
