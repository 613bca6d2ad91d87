"""Defect: a helper for answers copies all of its arguments from a sampling recipe, and greedy too."""

import argparse

import torch
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer


class Answerer:
    def __init__(self, adapter):
        self.model = AutoPeftModelForCausalLM.from_pretrained(adapter, device_map="auto")
        self.tokenizer = AutoTokenizer.from_pretrained(adapter)

    def prompt(self, question):
        messages = [{"role": "user", "content": question}]
        return self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )

    @torch.inference_mode()
    def answer(self, question, max_new_tokens=256):
        inputs = self.prompt(question).to(self.model.device)
        tokens = self.model.generate(  # expect: PEF203 info
            **inputs,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            temperature=0.1,
            top_k=40,
            repetition_penalty=1.1,
        )
        answer = tokens[0, inputs["input_ids"].shape[1] :]
        return self.tokenizer.decode(answer, skip_special_tokens=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("adapter")
    parser.add_argument("questions", nargs="+")
    args = parser.parse_args()
    answerer = Answerer(args.adapter)
    for question in args.questions:
        print(question, "->", answerer.answer(question))


if __name__ == "__main__":
    main()
