"""Distributed training by hand: rank 0 saves the wrapper's state dict at the end."""

import os

import torch
import torch.distributed as dist
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler
from transformers import AutoModelForCausalLM, AutoTokenizer

CHECKPOINT = "EleutherAI/pythia-160m"


def setup():
    dist.init_process_group("nccl")
    rank = int(os.environ["LOCAL_RANK"])
    torch.cuda.set_device(rank)
    return rank


def batches(tokenizer):
    rows = load_dataset("wikitext", "wikitext-2-raw-v1")["train"].filter(lambda r: r["text"])

    def collate(batch):
        texts = [row["text"] for row in batch]
        encoded = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        encoded["labels"] = encoded["input_ids"].clone()
        return encoded

    sampler = DistributedSampler(rows)
    return DataLoader(rows, batch_size=8, sampler=sampler, collate_fn=collate)


def main():
    rank = setup()
    tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
    tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(CHECKPOINT)
    model = get_peft_model(model, LoraConfig(task_type=TaskType.CAUSAL_LM, r=8))
    model = DistributedDataParallel(model.to(rank), device_ids=[rank])
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=2e-4)
    model.train()
    for batch in batches(tokenizer):
        loss = model(**batch.to(rank)).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    if rank == 0:
        torch.save(model.state_dict(), "runs/final.pt")  # expect: PEF506 warning
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
