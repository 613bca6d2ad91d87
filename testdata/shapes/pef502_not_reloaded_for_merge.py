"""QLoRA training in 4 bits; for the merge the base is loaded once more in bfloat16."""

import gc

import torch
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

BASE = "meta-llama/Llama-3.1-8B"
ADAPTER = "runs/llama/adapter"


def train(rows):
    quantisation = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_compute_dtype=torch.bfloat16)
    model = AutoModelForCausalLM.from_pretrained(BASE, quantization_config=quantisation)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig("runs/llama", max_steps=500, report_to=[]),
        train_dataset=rows,
        peft_config=LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    trainer.train()
    trainer.save_model(ADAPTER)
    del model, trainer
    gc.collect()
    torch.cuda.empty_cache()


def merge(folder):
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16, device_map="cpu")
    model = PeftModel.from_pretrained(base, ADAPTER)
    model = model.merge_and_unload(progressbar=True, safe_merge=True)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(BASE).save_pretrained(folder)


def main():
    from datasets import load_dataset

    train(load_dataset("json", data_files="rows.jsonl", split="train"))
    merge("runs/llama/merged")


if __name__ == "__main__":
    main()
