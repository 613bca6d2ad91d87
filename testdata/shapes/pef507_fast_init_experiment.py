"""Compare two starts of LoRA; the fast variant of PiSSA is saved like any other adapter."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

CHECKPOINT = "Qwen/Qwen2.5-0.5B"


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", default="runs/init")
    parser.add_argument("--steps", type=int, default=200)
    return parser.parse_args()


def configs():
    plain = LoraConfig(r=16, init_lora_weights="gaussian", task_type="CAUSAL_LM")
    fast = LoraConfig(
        r=16,
        lora_alpha=16,
        init_lora_weights="pissa_niter_16",  # expect: PEF507 warning
        task_type="CAUSAL_LM",
    )
    return [("gaussian", plain), ("pissa", fast)]


def train(model, loader, steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5)
    model.train()
    for _, batch in zip(range(steps), loader):
        loss = model(**batch, labels=batch["input_ids"]).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return loss.item()


def main():
    args = parse_args()
    set_seed(7)
    tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
    rows = load_dataset("gsm8k", "main")["train"]
    loader = DataLoader(
        rows["question"],
        batch_size=4,
        collate_fn=lambda texts: tokenizer(texts, padding=True, return_tensors="pt"),
    )
    for name, config in configs():
        model = AutoModelForCausalLM.from_pretrained(CHECKPOINT)
        model = get_peft_model(model, config)
        print(name, train(model, loader, args.steps))
        model.save_pretrained(f"{args.output}/{name}")


if __name__ == "__main__":
    main()
