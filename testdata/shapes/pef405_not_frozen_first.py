"""The recipe of the first LoRA notebooks: freeze, cast the norms, checkpoint, then wrap."""

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)


class CastOutputToFloat(nn.Sequential):
    def forward(self, x):
        return super().forward(x).to(torch.float32)


model = AutoModelForCausalLM.from_pretrained("facebook/opt-350m", device_map="auto")
tokenizer = AutoTokenizer.from_pretrained("facebook/opt-350m")

for param in model.parameters():
    param.requires_grad = False
    if param.ndim == 1:
        param.data = param.data.to(torch.float32)

model.gradient_checkpointing_enable()
model.enable_input_require_grads()
model.lm_head = CastOutputToFloat(model.lm_head)

config = LoraConfig(r=16, lora_alpha=32, target_modules=["q_proj", "v_proj"], lora_dropout=0.05)
model = get_peft_model(model, config)

rows = load_dataset("Abirate/english_quotes", split="train")
rows = rows.map(lambda row: tokenizer(row["quote"]), batched=True)
trainer = Trainer(
    model=model,
    train_dataset=rows,
    args=TrainingArguments(
        output_dir="outputs", max_steps=200, learning_rate=2e-4, gradient_checkpointing=True
    ),
    data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
)
model.config.use_cache = False
trainer.train()
