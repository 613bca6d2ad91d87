"""Two adapters are mixed; the new one comes in train mode although the model says eval."""

import argparse

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "mistralai/Mistral-7B-v0.1"
STYLE = "acme/mistral-style-lora"
FACTS = "acme/mistral-facts-lora"


def mixed_model(weight):
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16, device_map="auto")
    model = PeftModel.from_pretrained(base, STYLE, adapter_name="style")
    model.load_adapter(FACTS, adapter_name="facts")
    model.add_weighted_adapter(
        adapters=["style", "facts"],
        weights=[weight, 1.0 - weight],
        adapter_name="mix",
        combination_type="linear",
    )
    model.set_adapter("mix")
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("prompt")
    parser.add_argument("--weight", type=float, default=0.5)
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = mixed_model(args.weight)
    inputs = tokenizer(args.prompt, return_tensors="pt").to(model.device)
    output = model.generate(**inputs, max_new_tokens=100, do_sample=False)  # expect: PEF201 info
    print(tokenizer.decode(output[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
