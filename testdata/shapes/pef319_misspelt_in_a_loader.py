"""A server loads its base in eight bits, or so its loader says."""

import argparse

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig


def quantisation(four_bits):
    if four_bits:
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quantization_type="nf4",  # expect: PEF319 error
            bnb_4bit_compute_dtype="torch.bfloat16",  # expect: PEF319 error
        )
    return BitsAndBytesConfig(load_8bit=True)  # expect: PEF319 error


class Server:
    def __init__(self, base, adapter, four_bits):
        self.tokenizer = AutoTokenizer.from_pretrained(base)
        model = AutoModelForCausalLM.from_pretrained(
            base, quantization_config=quantisation(four_bits), device_map="auto"
        )
        self.model = PeftModel.from_pretrained(model, adapter).eval()

    @torch.no_grad()
    def answer(self, text):
        inputs = self.tokenizer(text, return_tensors="pt").to(self.model.device)
        tokens = self.model.generate(**inputs, max_new_tokens=64, do_sample=False)
        return self.tokenizer.decode(tokens[0], skip_special_tokens=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--adapter", required=True)
    parser.add_argument("--four-bits", action="store_true")
    args = parser.parse_args()
    server = Server(args.base, args.adapter, args.four_bits)
    print(server.answer("How do I reset my password?"))


if __name__ == "__main__":
    main()
