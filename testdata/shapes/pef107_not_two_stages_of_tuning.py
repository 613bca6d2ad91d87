"""The first stage is merged, the second trained on it, saved and loaded on the first again."""

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM

BASE = "meta-llama/Llama-3.2-1B"
FIRST = "runs/first"
SECOND = "runs/second"


def first_stage():
    base = AutoModelForCausalLM.from_pretrained(BASE)
    return PeftModel.from_pretrained(base, FIRST).merge_and_unload()


def second_stage(batches):
    model = get_peft_model(first_stage(), LoraConfig(r=8, task_type="CAUSAL_LM"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    model.train()
    for batch in DataLoader(batches, batch_size=None):
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(SECOND)
    return model.merge_and_unload()


def load():
    return PeftModel.from_pretrained(first_stage(), SECOND)


def compare(batches):
    merged = second_stage(batches)
    again = load()
    again.eval()
    merged.eval()
    with torch.no_grad():
        for batch in DataLoader(batches, batch_size=None):
            print((merged(**batch).logits - again(**batch).logits).abs().max().item())


if __name__ == "__main__":
    compare(torch.load("batches.pt"))
