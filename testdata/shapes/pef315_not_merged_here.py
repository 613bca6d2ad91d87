"""Adapters on the output layer of GPT-2, which are never merged into it."""

import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

CONFIG = LoraConfig(r=8, target_modules=["c_attn", "lm_head"])


def train(rows):
    model = AutoModelForCausalLM.from_pretrained("gpt2")
    model = get_peft_model(model, CONFIG)
    Trainer(model=model, args=TrainingArguments("out"), train_dataset=rows).train()
    model.save_pretrained("adapter")


def answer(text):
    tokenizer = AutoTokenizer.from_pretrained("gpt2")
    model = AutoModelForCausalLM.from_pretrained("gpt2")
    model = PeftModel.from_pretrained(model, "adapter").eval()
    with torch.no_grad():
        ids = model.generate(**tokenizer(text, return_tensors="pt"), max_new_tokens=20)
    return tokenizer.decode(ids[0])


def merge(folder, out):
    model = AutoModelForCausalLM.from_pretrained("gpt2")
    model = PeftModel.from_pretrained(model, folder)
    model.merge_and_unload().save_pretrained(out)


if __name__ == "__main__":
    if sys.argv[1:] == ["train"]:
        train([{"input_ids": [1, 2, 3], "labels": [1, 2, 3]}])
    else:
        print(answer("Once"))
        merge(*sys.argv[1:3])
