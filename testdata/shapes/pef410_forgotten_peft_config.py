"""A QLoRA script from which the LoRA config got lost on the way to the trainer."""

import os

import torch
from datasets import load_dataset
from peft import LoraConfig, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

MODEL = os.environ.get("MODEL", "meta-llama/Llama-3.1-8B")
OUTPUT = os.environ.get("OUTPUT", "runs/qlora")


def load():
    quantisation = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    model = AutoModelForCausalLM.from_pretrained(
        MODEL, quantization_config=quantisation, device_map="auto"
    )
    model.config.use_cache = False
    return prepare_model_for_kbit_training(model)


def main():
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    tokenizer.pad_token = tokenizer.eos_token
    rows = load_dataset("json", data_files="train.jsonl", split="train")
    lora = LoraConfig(
        r=64,
        lora_alpha=16,
        lora_dropout=0.1,
        bias="none",
        task_type="CAUSAL_LM",
        target_modules="all-linear",
    )
    print("training with", lora)
    arguments = SFTConfig(
        output_dir=OUTPUT,
        num_train_epochs=1,
        per_device_train_batch_size=4,
        learning_rate=2e-4,
        bf16=True,
        packing=True,
    )
    trainer = SFTTrainer(  # expect: PEF410 error
        model=load(),
        args=arguments,
        train_dataset=rows,
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model(OUTPUT)


if __name__ == "__main__":
    main()
