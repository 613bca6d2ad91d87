"""QLoRA with TRL: the notebook wraps the model to print its parameters, and passes the config too."""

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

BASE = "meta-llama/Llama-2-7b-hf"

quantisation = BitsAndBytesConfig(
    load_in_4bit=True,
    bnb_4bit_quant_type="nf4",
    bnb_4bit_compute_dtype=torch.bfloat16,
)
model = AutoModelForCausalLM.from_pretrained(
    BASE, quantization_config=quantisation, device_map="auto"
)
model.config.use_cache = False
model = prepare_model_for_kbit_training(model)
tokenizer = AutoTokenizer.from_pretrained(BASE)
tokenizer.pad_token = tokenizer.unk_token

peft_config = LoraConfig(
    r=16,
    lora_alpha=32,
    lora_dropout=0.05,
    target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
    task_type="CAUSAL_LM",
)
model = get_peft_model(model, peft_config)
model.print_trainable_parameters()

rows = load_dataset("json", data_files="tickets.jsonl", split="train")
trainer = SFTTrainer(
    model=model,
    args=SFTConfig("runs/tickets", num_train_epochs=1, report_to=[]),
    train_dataset=rows,
    processing_class=tokenizer,
    peft_config=peft_config,  # expect: PEF408 error
)
trainer.train()
trainer.save_model("runs/tickets/adapter")
