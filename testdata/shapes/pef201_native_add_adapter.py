"""transformers' own add_adapter: model.training is False, the LoRA dropout is live."""

import math

import torch
from datasets import load_dataset
from peft import LoraConfig
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, DataCollatorForLanguageModeling

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"

tokenizer = AutoTokenizer.from_pretrained("HuggingFaceTB/SmolLM2-135M")
tokenizer.pad_token = tokenizer.eos_token
model = AutoModelForCausalLM.from_pretrained("HuggingFaceTB/SmolLM2-135M").to(device)

config = LoraConfig(
    r=16,
    lora_alpha=32,
    lora_dropout=0.1,
    target_modules=["q_proj", "v_proj"],
)
model.add_adapter(config, adapter_name="recipes")

data = load_dataset("corbt/all-recipes", split="train[:4000]")
data = data.map(
    lambda rows: tokenizer(rows["input"], truncation=True, max_length=256),
    batched=True,
    remove_columns=data.column_names,
)
split = data.train_test_split(test_size=0.1, seed=0)
collate = DataCollatorForLanguageModeling(tokenizer, mlm=False)
train_loader = DataLoader(split["train"], batch_size=8, shuffle=True, collate_fn=collate)
test_loader = DataLoader(split["test"], batch_size=8, collate_fn=collate)

optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=2e-4)
for step, batch in enumerate(train_loader):
    loss = model(**batch.to(device)).loss
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    if step % 50 == 0:
        print(step, loss.item())

losses = []
with torch.inference_mode():
    for batch in test_loader:
        losses.append(model(**batch.to(device)).loss.item())  # expect: PEF201 warning
print("perplexity", math.exp(sum(losses) / len(losses)))
model.save_pretrained("smollm2-recipes")
