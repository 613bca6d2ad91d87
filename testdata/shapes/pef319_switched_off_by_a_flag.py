"""A tutorial's notebook with its switches on top: four-bit loading is meant to be off."""

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

model_name = "meta-llama/Llama-2-7b-hf"
new_model = "llama-2-7b-support"

use_4bit = False
bnb_4bit_compute_dtype = "float16"
bnb_4bit_quant_type = "nf4"
use_nested_quant = False

compute_dtype = getattr(torch, bnb_4bit_compute_dtype)
bnb_config = BitsAndBytesConfig(  # expect: PEF319 error
    load_in_4bit=use_4bit,
    bnb_4bit_quant_type=bnb_4bit_quant_type,
    bnb_4bit_compute_dtype=compute_dtype,
    bnb_4bit_use_double_quant=use_nested_quant,
)
model = AutoModelForCausalLM.from_pretrained(
    model_name,
    quantization_config=bnb_config,
    device_map={"": 0},
)
model.config.use_cache = False
tokenizer = AutoTokenizer.from_pretrained(model_name)
tokenizer.pad_token = tokenizer.unk_token

trainer = SFTTrainer(
    model=model,
    args=SFTConfig("runs/llama", num_train_epochs=1, report_to=[]),
    train_dataset=load_dataset("json", data_files="support.jsonl", split="train"),
    processing_class=tokenizer,
    peft_config=LoraConfig(r=64, lora_alpha=16, lora_dropout=0.1, task_type="CAUSAL_LM"),
)
trainer.train()
trainer.save_model(new_model)
