"""Look-alike: merges whose results are kept, returned or chained, in a loop over checkpoints.

The false alarm would be PEF501: the calls look much like statements that drop what they return.
"""

import glob
import os

import torch
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "meta-llama/Llama-3.2-1B"
OUTPUT = "merged"


def merged(path):
    model = AutoPeftModelForCausalLM.from_pretrained(path, dtype=torch.bfloat16)
    return model.merge_and_unload(progressbar=True)


def merge_onto(base, path):
    model = PeftModel.from_pretrained(base, path)
    model = model.merge_and_unload()
    return model


def average(models):
    states = [model.state_dict() for model in models]
    first, *others = models
    mean = {
        name: torch.stack([state[name].float() for state in states]).mean(0)
        for name in states[0]
    }
    first.load_state_dict(mean)
    return first


def main():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    models = []
    for path in sorted(glob.glob("runs/*/checkpoint-*")):
        model = merged(path)
        target = os.path.join(OUTPUT, os.path.basename(path))
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
        models.append(model)
    average(models).save_pretrained(os.path.join(OUTPUT, "average"))

    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)
    final = merge_onto(base, "runs/final")
    final.save_pretrained(os.path.join(OUTPUT, "final"))
    AutoPeftModelForCausalLM.from_pretrained("runs/best").merge_and_unload().push_to_hub("me/best")


if __name__ == "__main__":
    main()
