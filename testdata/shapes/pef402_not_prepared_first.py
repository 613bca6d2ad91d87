"""QLoRA in two stages: the second goes on from the merged result of the first."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer


def quantisation(kind):
    if kind == "4bit":
        return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_compute_dtype=torch.bfloat16)
    if kind == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return None


def load(name, kind):
    model = AutoModelForCausalLM.from_pretrained(name, quantization_config=quantisation(kind))
    if kind != "none":
        model = prepare_model_for_kbit_training(model)
    return model


def train(model, rows, folder):
    arguments = SFTConfig(folder, max_steps=200, report_to=[])
    trainer = SFTTrainer(model=model, args=arguments, train_dataset=rows)
    trainer.train()
    trainer.save_model(folder)
    return trainer.model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="Qwen/Qwen2.5-0.5B")
    parser.add_argument("--kind", choices=["none", "8bit", "4bit"], default="4bit")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    first = load_dataset("json", data_files="first.jsonl", split="train")
    second = load_dataset("json", data_files="second.jsonl", split="train")

    config = LoraConfig(task_type="CAUSAL_LM", r=16, target_modules="all-linear")
    model = get_peft_model(load(args.model, args.kind), config)
    train(model, first, "stage-one")

    full = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16)
    merged = PeftModel.from_pretrained(full, "stage-one").merge_and_unload()
    merged.save_pretrained("stage-one-merged")
    tokenizer.save_pretrained("stage-one-merged")

    again = load("stage-one-merged", args.kind)
    again = get_peft_model(again, LoraConfig(task_type="CAUSAL_LM", r=8))
    train(again, second, "stage-two")


if __name__ == "__main__":
    main()
