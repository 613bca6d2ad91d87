"""Sampling keywords sit in a dict constant and reach generate() through **kwargs."""

import csv

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

GENERATION = {
    "do_sample": True,
    "temperature": 0.7,
    "top_p": 0.9,
    "max_new_tokens": 128,
    "repetition_penalty": 1.1,
}


class CodeModel:
    def __init__(self, base_id, adapter_id):
        self.tokenizer = AutoTokenizer.from_pretrained(base_id)
        base = AutoModelForCausalLM.from_pretrained(base_id, device_map="auto")
        self.model = PeftModel.from_pretrained(base, adapter_id)
        self.model.eval()

    def complete(self, prompt):
        inputs = self.tokenizer(prompt, return_tensors="pt").to(self.model.device)
        with torch.no_grad():
            output = self.model.generate(**inputs, **GENERATION)  # expect: PEF202 info
        return self.tokenizer.decode(output[0], skip_special_tokens=True)


def passes(code, test):
    scope = {}
    try:
        exec(code + "\n" + test, scope)
    except Exception:
        return False
    return True


def main():
    model = CodeModel("bigcode/starcoder2-3b", "acme/starcoder2-3b-mbpp-lora")
    with open("mbpp.csv", newline="") as stream:
        problems = list(csv.DictReader(stream))
    solved = [passes(model.complete(problem["prompt"]), problem["test"]) for problem in problems]
    print(f"pass@1 {sum(solved) / len(solved):.3f}")


if __name__ == "__main__":
    main()
