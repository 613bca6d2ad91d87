"""Instruction tuning that takes its precision from the command line, and its adapter by PEFT."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}


def load(args):
    """Return the base in the dtype that the device can do."""
    half = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    dtype = DTYPES.get(args.precision, half)
    return AutoModelForCausalLM.from_pretrained(args.model, torch_dtype=dtype)


def wrap(base, args):
    if args.adapter:
        return PeftModel.from_pretrained(base, args.adapter, is_trainable=True)
    saved = ["embed_tokens", "lm_head"] if args.new_tokens else None
    config = LoraConfig(r=16, lora_alpha=32, task_type="CAUSAL_LM", modules_to_save=saved)
    return get_peft_model(base, config)


def plain_lora(rows, collator):
    """Train LoRA alone on a float16 base: PEFT gives it float32."""
    base = AutoModelForCausalLM.from_pretrained("gpt2", torch_dtype=torch.float16)
    model = get_peft_model(base, LoraConfig(r=8, task_type="CAUSAL_LM"))
    arguments = TrainingArguments("runs/plain", fp16=True)
    Trainer(model, arguments, train_dataset=rows, data_collator=collator).train()
    model.half().save_pretrained("runs/plain")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="meta-llama/Llama-3.2-1B")
    parser.add_argument("--precision", choices=DTYPES)
    parser.add_argument("--adapter")
    parser.add_argument("--new-tokens", action="store_true")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    tokenizer.add_special_tokens({"pad_token": "<pad>"})
    rows = load_dataset("tatsu-lab/alpaca", split="train")
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True))
    collator = DataCollatorForLanguageModeling(tokenizer, mlm=False)
    model = wrap(load(args), args)
    arguments = TrainingArguments(
        output_dir="runs/alpaca",
        fp16=args.precision == "fp16",
        bf16=args.precision == "bf16",
    )
    trainer = Trainer(model, arguments, train_dataset=rows, data_collator=collator)
    trainer.train()
    model.save_pretrained("runs/alpaca")
    plain_lora(rows, collator)


if __name__ == "__main__":
    main()
