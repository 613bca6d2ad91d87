"""Module globals, a training function and a sampling function that is called in every epoch."""

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed

set_seed(3)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
tokenizer = AutoTokenizer.from_pretrained("EleutherAI/pythia-160m")
tokenizer.pad_token = tokenizer.eos_token
model = AutoModelForCausalLM.from_pretrained("EleutherAI/pythia-160m")
model = get_peft_model(model, LoraConfig(r=8, lora_dropout=0.1, task_type="CAUSAL_LM"))
model.to(device)


def train_one_epoch(loader, optimizer):
    model.train()
    total = 0.0
    for batch in loader:
        batch = {name: tensor.to(device) for name, tensor in batch.items()}
        outputs = model(**batch, labels=batch["input_ids"])
        outputs.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total += outputs.loss.item()
    return total / len(loader)


def show_sample(prompt):
    inputs = tokenizer(prompt, return_tensors="pt").to(device)
    ids = model.generate(**inputs, do_sample=True, top_p=0.9, max_new_tokens=40)  # expect: PEF201 warning
    print(tokenizer.decode(ids[0], skip_special_tokens=True))


def main():
    with open("songs.txt") as stream:
        songs = [line.strip() for line in stream if line.strip()]
    loader = DataLoader(
        songs,
        batch_size=8,
        shuffle=True,
        collate_fn=lambda texts: dict(tokenizer(texts, return_tensors="pt", padding=True)),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    for epoch in range(4):
        print(epoch, train_one_epoch(loader, optimizer))
        show_sample("Over the hills")
    model.save_pretrained("songs-lora")


if __name__ == "__main__":
    main()
