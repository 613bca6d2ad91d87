"""Defect: a notebook trains an adapter, and takes the perplexity of the base from its variable."""

import math

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

model_id = "EleutherAI/pythia-160m"
tokenizer = AutoTokenizer.from_pretrained(model_id)
tokenizer.pad_token = tokenizer.eos_token
base = AutoModelForCausalLM.from_pretrained(model_id)

# %%
rows = load_dataset("wikitext", "wikitext-2-raw-v1")
rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=256), batched=True)

# %%
config = LoraConfig(r=16, lora_alpha=32, target_modules=["query_key_value"], task_type="CAUSAL_LM")
model = get_peft_model(base, config)
model.print_trainable_parameters()

# %%
trainer = Trainer(
    model=model,
    args=TrainingArguments("pythia-lora", max_steps=500, per_device_train_batch_size=8),
    train_dataset=rows["train"],
    data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
)
trainer.train()
model.save_pretrained("pythia-lora/adapter")


# %%
@torch.no_grad()
def perplexity(some_model, texts):
    some_model.eval()
    losses = []
    for text in texts:
        inputs = tokenizer(text, return_tensors="pt").to(some_model.device)
        losses.append(some_model(**inputs, labels=inputs["input_ids"]).loss.item())
    return math.exp(sum(losses) / len(losses))


texts = [row["text"] for row in rows["test"] if len(row["text"]) > 100]

# %%
tuned_score = perplexity(model, texts)
base_score = perplexity(base, texts)  # expect: PEF106 error
print(f"base {base_score:.2f}, tuned {tuned_score:.2f}")
