"""Look-alike: several ways to seed, in different places.

The false alarm would be PEF202: set_seed, torch.manual_seed through a helper, CUDA seeds.
"""

import os

import numpy as np
import torch
import transformers
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer

ADAPTER = "acme/llama-2-7b-haiku-lora"


def fix_randomness(seed):
    os.environ["PYTHONHASHSEED"] = str(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)


def haikus(model, tokenizer, topics):
    for topic in topics:
        inputs = tokenizer(f"A haiku about {topic}:\n", return_tensors="pt").to(model.device)
        ids = model.generate(**inputs, do_sample=True, temperature=1.1, max_new_tokens=40)
        yield topic, tokenizer.decode(ids[0], skip_special_tokens=True)


def main(seed=1234):
    fix_randomness(seed)
    tokenizer = AutoTokenizer.from_pretrained(ADAPTER)
    model = AutoPeftModelForCausalLM.from_pretrained(ADAPTER, device_map="auto")
    first = dict(haikus(model, tokenizer, ["snow", "rain"]))

    transformers.set_seed(seed)
    again = dict(haikus(model, tokenizer, ["snow", "rain"]))
    for topic in first:
        print(topic, first[topic], again[topic], sep="\n")


if __name__ == "__main__":
    main()
