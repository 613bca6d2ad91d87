"""One script for LoRA and QLoRA: the preparation belongs to the second."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bits", type=int, choices=(4, 8, 16), default=16)
    parser.add_argument("--data", default="chats.jsonl")
    parser.add_argument("--output", default="mistral-chats")
    return parser.parse_args()


def settings_for(bits):
    if bits == 4:
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    if bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True)
    return None


def load(bits):
    model = AutoModelForCausalLM.from_pretrained(
        "mistralai/Mistral-7B-v0.1",
        quantization_config=settings_for(bits),
        torch_dtype=torch.bfloat16,
        device_map="auto",
    )
    if bits < 16:
        model = prepare_model_for_kbit_training(
            model, gradient_checkpointing_kwargs={"use_reentrant": False}
        )
    config = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    return get_peft_model(model, config)


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained("mistralai/Mistral-7B-v0.1")
    trainer = SFTTrainer(
        model=load(args.bits),
        args=SFTConfig(output_dir=args.output, max_steps=500, learning_rate=1e-4),
        train_dataset=load_dataset("json", data_files=args.data, split="train"),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model(args.output)


if __name__ == "__main__":
    main()
