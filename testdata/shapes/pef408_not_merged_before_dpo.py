"""SFT first, then DPO: the SFT adapter is merged before the second trainer makes its own."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer


def lora(rank):
    return LoraConfig(r=rank, lora_alpha=2 * rank, task_type="CAUSAL_LM")


def supervised(args, tokenizer):
    model = AutoModelForCausalLM.from_pretrained(args.base)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(args.sft, num_train_epochs=1),
        train_dataset=load_dataset("json", data_files="chats.jsonl", split="train"),
        processing_class=tokenizer,
        peft_config=lora(16),
    )
    trainer.train()
    trainer.save_model(args.sft)


def preferences(args, tokenizer):
    base = AutoModelForCausalLM.from_pretrained(args.base)
    model = PeftModel.from_pretrained(base, args.sft)
    model = model.merge_and_unload()
    trainer = DPOTrainer(
        model=model,
        args=DPOConfig(args.dpo, beta=0.1),
        train_dataset=load_dataset("json", data_files="pairs.jsonl", split="train"),
        processing_class=tokenizer,
        peft_config=lora(8),
    )
    trainer.train()
    trainer.save_model(args.dpo)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="Qwen/Qwen2.5-0.5B")
    parser.add_argument("--sft", default="runs/sft")
    parser.add_argument("--dpo", default="runs/dpo")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    supervised(args, tokenizer)
    preferences(args, tokenizer)


if __name__ == "__main__":
    main()
