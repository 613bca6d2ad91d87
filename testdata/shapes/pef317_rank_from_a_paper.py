"""QLoRA with the rank of a paper, whose scale was not copied with it."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

BASE = "meta-llama/Llama-2-7b-hf"


def load(name):
    settings = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
    )
    model = AutoModelForCausalLM.from_pretrained(name, quantization_config=settings)
    model = prepare_model_for_kbit_training(model)
    config = LoraConfig(
        r=64,  # expect: PEF317 info
        lora_dropout=0.1,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default=BASE)
    parser.add_argument("--steps", type=int, default=1000)
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    tokenizer.pad_token = tokenizer.unk_token
    rows = load_dataset("text", data_files="train.txt")["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=512))
    trainer = Trainer(
        model=load(args.base),
        args=TrainingArguments("out", max_steps=args.steps, bf16=True, report_to=[]),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    trainer.model.save_pretrained("out")


if __name__ == "__main__":
    main()
