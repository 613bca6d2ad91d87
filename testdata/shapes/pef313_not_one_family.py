"""A sweep over sizes of one family, and a config whose names are written out."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

SIZES = ["gpt2", "gpt2-medium", "gpt2-large"]
NAMED = LoraConfig(r=4, target_modules=["c_attn", "q_proj", "v_proj"])


def perplexity(model, batches):
    model.eval()
    losses = []
    with torch.no_grad():
        for batch in batches:
            losses.append(model(**batch).loss)
    return torch.stack(losses).mean().exp().item() if losses else None


def sweep(config):
    results = {}
    for size in SIZES:
        model = AutoModelForCausalLM.from_pretrained(size)
        model = get_peft_model(model, config)
        results[size] = perplexity(model, [])
    return results


def compare():
    """The list has names for both, and stays as it is."""
    gpt2 = AutoModelForCausalLM.from_pretrained("gpt2")
    llama = AutoModelForCausalLM.from_pretrained("meta-llama/Llama-3.2-1B")
    return get_peft_model(gpt2, NAMED), get_peft_model(llama, NAMED)


class Pair:
    """Policy and reference, both of one kind."""

    def __init__(self, name="meta-llama/Llama-3.2-1B"):
        config = LoraConfig(r=8, target_modules="all-linear")
        self.policy = get_peft_model(AutoModelForCausalLM.from_pretrained(name), config)
        self.reference = get_peft_model(AutoModelForCausalLM.from_pretrained(name), config)


if __name__ == "__main__":
    print(sweep(LoraConfig(r=8, target_modules="all-linear", fan_in_fan_out=True)))
    print(compare(), Pair())
