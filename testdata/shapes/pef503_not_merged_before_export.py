"""Save the adapter first, then merge it and save the plain model that is left."""

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "meta-llama/Llama-2-7b-hf"
ADAPTERS = {"support": "adapters/support", "sales": "adapters/sales"}


def load(adapter):
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)
    return base, PeftModel.from_pretrained(base, adapter)


def export(name, adapter):
    base, model = load(adapter)
    folder = f"exports/{name}"
    model.save_pretrained(f"{folder}/adapter")
    base.config.save_pretrained(f"{folder}/config")
    base.generation_config.save_pretrained(f"{folder}/config")
    # Merging happens in place: `base` is the plain model with the merged weights now.
    model = model.merge_and_unload()
    model.save_pretrained(f"{folder}/merged")
    base.save_pretrained(f"{folder}/merged-as-well")
    return model


def export_base(adapter):
    """The untouched base, for a comparison: the adapter is taken off before the save."""
    base, model = load(adapter)
    base = model.unload()
    base.save_pretrained("exports/base")


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    for name, adapter in ADAPTERS.items():
        export(name, adapter)
        tokenizer.save_pretrained(f"exports/{name}/merged")
    export_base(ADAPTERS["support"])


if __name__ == "__main__":
    main()
