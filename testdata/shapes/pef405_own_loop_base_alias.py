"""A loop of one's own: the base is frozen by its variable, after it got the adapter."""

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer

NAME = "gpt2"


def batches(tokenizer, path, size=8):
    with open(path) as lines:
        texts = [line.strip() for line in lines]
    tokenizer.pad_token = tokenizer.eos_token

    def collate(rows):
        batch = tokenizer(rows, padding=True, truncation=True, return_tensors="pt")
        batch["labels"] = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
        return batch

    return DataLoader(texts, batch_size=size, shuffle=True, collate_fn=collate)


tokenizer = AutoTokenizer.from_pretrained(NAME)
loader = batches(tokenizer, "poems.txt")

base = AutoModelForCausalLM.from_pretrained(NAME)
config = LoraConfig(r=16, target_modules=["c_attn"], fan_in_fan_out=True, task_type="CAUSAL_LM")
model = get_peft_model(base, config)

# Only the adapter is to be trained.
base.requires_grad_(False)  # expect: PEF405 error

model.gradient_checkpointing_enable()
model.enable_input_require_grads()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=len(loader))

model.train()
for epoch in range(3):
    for batch in loader:
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    print(f"epoch {epoch}: {loss.item():.3f}")

model.save_pretrained("poems-lora")
