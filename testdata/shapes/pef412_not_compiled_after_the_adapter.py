"""The same with the calls in the right order, behind a flag, and a baseline compiled for itself."""

import argparse
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


def speed(model, inputs, rounds=10):
    started = time.perf_counter()
    with torch.no_grad():
        for _ in range(rounds):
            model(**inputs)
    return (time.perf_counter() - started) / rounds


def main(rows):
    parser = argparse.ArgumentParser()
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--ddp", action="store_true")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained("gpt2")
    base = AutoModelForCausalLM.from_pretrained("gpt2").eval()
    inputs = tokenizer("a sentence", return_tensors="pt")
    compiled = torch.compile(base)
    print("eager", speed(base, inputs), "compiled", speed(compiled, inputs))

    model = get_peft_model(base, LoraConfig(r=8, target_modules=["c_attn"], task_type="CAUSAL_LM"))
    if args.compile:
        model = torch.compile(model)
    trainer = Trainer(
        model=model, args=TrainingArguments("out", num_train_epochs=1), train_dataset=rows
    )
    trainer.train()
    model.save_pretrained("out/adapter")


def distributed(rank, loader):
    torch.distributed.init_process_group("nccl")
    base = AutoModelForCausalLM.from_pretrained("gpt2").to(rank)
    model = get_peft_model(base, LoraConfig(r=8, target_modules=["c_attn"], task_type="CAUSAL_LM"))
    model = torch.nn.parallel.DistributedDataParallel(model, device_ids=[rank])
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-4)
    for batch in loader:
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    if rank == 0:
        model.module.save_pretrained("out/adapter")
