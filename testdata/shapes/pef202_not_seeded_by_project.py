"""Look-alike: the project's own helpers are called before sampling, and may seed.

The false alarm would be PEF202: seed_everything is imported from a module out of view.
"""

import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from experiment.utils import load_settings, seed_everything

settings = load_settings(sys.argv[1])
seed_everything(settings.seed)

tokenizer = AutoTokenizer.from_pretrained("mistralai/Mistral-7B-v0.1")
base = AutoModelForCausalLM.from_pretrained("mistralai/Mistral-7B-v0.1", dtype=torch.bfloat16)
model = PeftModel.from_pretrained(base, settings.adapter)

distinct = set()
for _ in range(settings.samples):
    inputs = tokenizer(settings.prompt, return_tensors="pt")
    with torch.no_grad():
        ids = model.generate(**inputs, do_sample=True, temperature=0.8, max_new_tokens=50)
    distinct.add(tokenizer.decode(ids[0], skip_special_tokens=True))
print(f"{len(distinct)} distinct completions of {settings.samples}")
