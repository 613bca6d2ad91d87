"""A notebook of early releases: the trainer took the PeftModel and let the config be."""

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    TrainingArguments,
)
from trl import DPOTrainer, SFTTrainer

BASE = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"

# %% model
model = AutoModelForCausalLM.from_pretrained(
    BASE,
    quantization_config=BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_compute_dtype=torch.float16
    ),
    device_map={"": 0},
)
model.config.use_cache = False
model = prepare_model_for_kbit_training(model)
peft_config = LoraConfig(
    r=16,
    lora_alpha=32,
    lora_dropout=0.05,
    target_modules=["q_proj", "v_proj"],
    task_type="CAUSAL_LM",
)
model = get_peft_model(model, peft_config)
model.print_trainable_parameters()

# %% data
tokenizer = AutoTokenizer.from_pretrained(BASE)
tokenizer.padding_side = "right"
rows = load_dataset("json", data_files="rows.jsonl", split="train")

# %% supervised
arguments = TrainingArguments(output_dir="runs/sft", num_train_epochs=1, logging_steps=10)
trainer = SFTTrainer(
    model=model,
    train_dataset=rows,
    peft_config=peft_config,
    dataset_text_field="text",
    max_seq_length=1024,
    tokenizer=tokenizer,
    args=arguments,
)
trainer.train()
trainer.model.save_pretrained("runs/sft")

# %% preferences: what was trained goes into the base, and a fresh adapter on top
preferences = DPOTrainer(
    trainer.model,
    None,
    args=TrainingArguments(output_dir="runs/dpo", num_train_epochs=1),
    beta=0.1,
    train_dataset=load_dataset("json", data_files="pairs.jsonl", split="train"),
    tokenizer=tokenizer,
    peft_config=peft_config,
)
preferences.train()
