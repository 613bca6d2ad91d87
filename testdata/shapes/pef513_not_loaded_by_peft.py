"""Look-alike: saved as a pickled file for an old release, and loaded by PEFT, which can do that."""

import sys

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

BASE = "gpt2"


def base_model():
    return AutoModelForCausalLM.from_pretrained(BASE)


def train(rows, folder):
    model = get_peft_model(base_model(), LoraConfig(task_type="CAUSAL_LM", fan_in_fan_out=True))
    trainer = Trainer(model, TrainingArguments("runs", report_to=[]), train_dataset=rows)
    trainer.train()
    model.save_pretrained(folder, safe_serialization=False)


def answer(folder, prompt):
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    model = PeftModel.from_pretrained(base_model(), folder)
    with torch.inference_mode():
        output = model.generate(**tokenizer(prompt, return_tensors="pt"), max_new_tokens=20)
    return tokenizer.decode(output[0], skip_special_tokens=True)


def main():
    folder = sys.argv[1]
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    rows = [dict(tokenizer(line)) for line in open("corpus.txt")]
    train(rows, folder)
    print(answer(folder, "Once upon a time"))


if __name__ == "__main__":
    main()
