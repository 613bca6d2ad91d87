"""Majority vote over several samples; the vote changes from run to run."""

# %%
from collections import Counter

import torch
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer

ADAPTER = "acme/phi-2-gsm8k-lora"

# %%
model = AutoPeftModelForCausalLM.from_pretrained(ADAPTER, dtype=torch.float16, device_map="auto")
tokenizer = AutoTokenizer.from_pretrained(ADAPTER)
tokenizer.pad_token = tokenizer.eos_token

# %%
questions = [
    ("Ann has 3 apples and buys 5 more. How many has she?", "8"),
    ("A train drives 60 km/h for 2.5 hours. How far?", "150"),
]


# %%
def votes(question, n=8):
    inputs = tokenizer(f"Question: {question}\nAnswer:", return_tensors="pt").to(model.device)
    output = model.generate(  # expect: PEF202 info
        **inputs,
        do_sample=True,
        top_k=40,
        num_return_sequences=n,
        max_new_tokens=64,
    )
    texts = tokenizer.batch_decode(output, skip_special_tokens=True)
    return Counter(text.split()[-1].strip(".") for text in texts)


# %%
correct = 0
for question, expected in questions:
    winner, count = votes(question).most_common(1)[0]
    print(question, winner, count)
    correct += winner == expected
print(correct / len(questions))
