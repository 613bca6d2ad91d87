"""Train in 4 bit, merge in half precision: two models, and only the second is cast."""

import torch
from datasets import load_dataset
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from trl import SFTConfig, SFTTrainer

NAME = "meta-llama/Llama-3.1-8B"


def train(rows):
    quantisation = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.float16,
    )
    model = AutoModelForCausalLM.from_pretrained(NAME, quantization_config=quantisation)
    for name, module in model.named_modules():
        if "norm" in name:
            module.to(torch.float32)
    model.lm_head.to(torch.float16)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig("runs/llama", max_steps=100, report_to=[]),
        train_dataset=rows,
        peft_config=LoraConfig(task_type="CAUSAL_LM", r=16),
    )
    trainer.train()
    trainer.save_model("runs/llama/adapter")


def merge():
    full = AutoModelForCausalLM.from_pretrained(NAME)
    full = full.half()
    merged = PeftModel.from_pretrained(full, "runs/llama/adapter").merge_and_unload()
    merged.to(torch.bfloat16).save_pretrained("runs/llama/merged")
    AutoTokenizer.from_pretrained(NAME).save_pretrained("runs/llama/merged")


if __name__ == "__main__":
    train(load_dataset("json", data_files="train.jsonl", split="train"))
    merge()
