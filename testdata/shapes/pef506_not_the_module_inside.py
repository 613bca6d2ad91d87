"""Look-alike: several GPUs, but what is saved is always asked of the model inside."""

import argparse
import os

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from torch.nn.parallel import DistributedDataParallel as DDP
from transformers import AutoModelForCausalLM


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="gpt2")
    parser.add_argument("--output", default="out")
    parser.add_argument("--parallel", choices=["none", "dp", "ddp"], default="none")
    return parser.parse_args()


def wrap(model, kind):
    if kind == "dp":
        return torch.nn.DataParallel(model)
    if kind == "ddp":
        torch.distributed.init_process_group("nccl")
        return DDP(model.cuda())
    return model


def save(model, args):
    inner = model.module if hasattr(model, "module") else model
    os.makedirs(args.output, exist_ok=True)
    inner.save_pretrained(args.output)
    torch.save(get_peft_model_state_dict(inner), os.path.join(args.output, "adapter.pt"))


def main():
    args = parse_args()
    base = AutoModelForCausalLM.from_pretrained(args.model)
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", fan_in_fan_out=True))
    model = wrap(model, args.parallel)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    for step in range(100):
        tokens = torch.randint(0, 50257, (2, 16))
        loss = model(input_ids=tokens, labels=tokens).loss.mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    save(model, args)


if __name__ == "__main__":
    main()
