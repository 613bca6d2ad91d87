"""Look-alike: one model answers for both, with its adapter on and off, and the base before that.

The false alarm would be PEF106: the variable of the base answers in the same script as the adapter.
"""

import torch
from datasets import load_dataset
from peft import PeftModel
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

BASE = "google/flan-t5-small"
ADAPTER = "results/dialogue-summaries"

tokenizer = AutoTokenizer.from_pretrained(BASE)
base = AutoModelForSeq2SeqLM.from_pretrained(BASE)
dialogues = load_dataset("knkarthick/dialogsum", split="test").select(range(25))


def summarise(model, dialogue):
    inputs = tokenizer(f"Summarise:\n{dialogue}", return_tensors="pt", truncation=True)
    with torch.inference_mode():
        tokens = model.generate(**inputs, max_new_tokens=80, num_beams=4)
    return tokenizer.decode(tokens[0], skip_special_tokens=True)


def summaries(model):
    return [summarise(model, row["dialogue"]) for row in dialogues]


zero_shot = summaries(base)
tuned = PeftModel.from_pretrained(base, ADAPTER)
after = summaries(tuned)
with tuned.disable_adapter():
    again = summaries(base)
assert again == zero_shot

for row, one, other in zip(dialogues, zero_shot, after):
    print(row["summary"], "\nbase:", one, "\ntuned:", other, "\n")

base = tuned.merge_and_unload()
merged = summaries(base)
print(sum(one != other for one, other in zip(after, merged)), "summaries changed by merging")
