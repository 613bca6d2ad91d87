"""The padding token is one that the vocabulary has: the resize changes nothing."""

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

BASE = "meta-llama/Llama-3.2-1B"
SAVED = "runs/notes"


def load_tokenizer():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.add_special_tokens({"pad_token": tokenizer.eos_token})
    tokenizer.padding_side = "left"
    return tokenizer


def fit(tokenizer, batches):
    model = AutoModelForCausalLM.from_pretrained(BASE)
    model.resize_token_embeddings(len(tokenizer))
    model = get_peft_model(model, LoraConfig(r=8, task_type="CAUSAL_LM"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
    model.train()
    for batch in batches:
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(SAVED)


def check(tokenizer, prompts):
    base = AutoModelForCausalLM.from_pretrained(BASE)
    model = PeftModel.from_pretrained(base, SAVED)
    inputs = tokenizer(prompts, return_tensors="pt", padding=True)
    output = model.generate(**inputs, max_new_tokens=20, do_sample=False)
    print(tokenizer.batch_decode(output, skip_special_tokens=True))


def main():
    tokenizer = load_tokenizer()
    fit(tokenizer, torch.load("batches.pt"))
    check(tokenizer, ["Shopping list:", "To do:"])


if __name__ == "__main__":
    main()
