"""One loader for three trainers: each gets its adapter in its own way."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, Trainer, TrainingArguments
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer


def load(name):
    quantisation = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_compute_dtype=torch.bfloat16)
    return AutoModelForCausalLM.from_pretrained(name, quantization_config=quantisation)


def lora():
    return LoraConfig(task_type="CAUSAL_LM", r=16, target_modules="all-linear")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="mistralai/Mistral-7B-v0.1")
    parser.add_argument("--how", choices=["sft", "dpo", "plain", "native"], default="sft")
    args = parser.parse_args()
    rows = load_dataset("json", data_files="rows.jsonl", split="train")

    if args.how == "sft":
        trainer = SFTTrainer(
            model=load(args.model), args=SFTConfig("sft"), train_dataset=rows, peft_config=lora()
        )
    elif args.how == "dpo":
        trainer = DPOTrainer(
            model=load(args.model), args=DPOConfig("dpo"), train_dataset=rows, peft_config=lora()
        )
    elif args.how == "native":
        model = load(args.model)
        model.add_adapter(lora())
        trainer = Trainer(model=model, args=TrainingArguments("native"), train_dataset=rows)
    else:
        model = prepare_model_for_kbit_training(load(args.model))
        model = get_peft_model(model, lora())
        trainer = Trainer(model=model, args=TrainingArguments("plain"), train_dataset=rows)
    trainer.train()
    trainer.save_model()


if __name__ == "__main__":
    main()
