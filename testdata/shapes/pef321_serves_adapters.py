"""A small service that puts adapters on one base model, by the name that a request gives."""

import argparse

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "mistralai/Mistral-7B-v0.1"
FIRST = "adapters/support"


class Server:
    def __init__(self, name):
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        base = AutoModelForCausalLM.from_pretrained(name, dtype=torch.bfloat16)
        self.model = PeftModel.from_pretrained(FIRST, base)  # expect: PEF321 error
        self.model.eval()

    @torch.inference_mode()
    def answer(self, text):
        inputs = self.tokenizer(text, return_tensors="pt").to(self.model.device)
        output = self.model.generate(**inputs, max_new_tokens=64, do_sample=False)
        return self.tokenizer.decode(output[0], skip_special_tokens=True)


def train_another(rows, rank):
    model = AutoModelForCausalLM.from_pretrained(BASE)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, task_type="CAUSAL_LM")
    model = get_peft_model(config, model)  # expect: PEF321 error
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    for batch in rows:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained("adapters/new")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", action="store_true")
    args = parser.parse_args()
    if args.train:
        train_another([], 8)
    else:
        print(Server(BASE).answer("How do I reset my password?"))


if __name__ == "__main__":
    main()
