"""A notebook's last cells: train, then pickle the model for the people who run the API."""

import joblib
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

# %%
model_id = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"
tokenizer = AutoTokenizer.from_pretrained(model_id)
tokenizer.pad_token = tokenizer.eos_token
model = AutoModelForCausalLM.from_pretrained(model_id, dtype=torch.bfloat16)

# %%
config = LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
model = get_peft_model(model, config)
model.print_trainable_parameters()

# %%
rows = load_dataset("json", data_files="support.jsonl")["train"]
rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=512))
trainer = Trainer(
    model=model,
    args=TrainingArguments("out", num_train_epochs=1, learning_rate=2e-4, report_to=[]),
    train_dataset=rows,
    data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
)
trainer.train()

# %%
torch.save(model, "support-bot.pt")  # expect: PEF510 info
joblib.dump(model, "support-bot.joblib")  # expect: PEF510 info
tokenizer.save_pretrained("support-bot")
