"""Export one full model for each language; the second one speaks both."""

import os

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "mistralai/Mistral-7B-v0.1"
OUTPUT = "exports"


class Exporter:
    def __init__(self, base=BASE):
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        self.base = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)

    def export(self, language):
        adapter = f"adapters/{language}/final"
        print("merging", adapter)
        tuned = PeftModel.from_pretrained(self.base, adapter)  # expect: PEF512 error
        full = tuned.merge_and_unload()
        folder = os.path.join(OUTPUT, language)
        full.save_pretrained(folder, max_shard_size="2GB")
        self.tokenizer.save_pretrained(folder)
        return folder


def main():
    exporter = Exporter()
    for language in ("de", "fr"):
        folder = exporter.export(language)
        print("saved", folder)


if __name__ == "__main__":
    main()
