"""DPO on top of an SFT model with a PiSSA adapter: the reference is what PiSSA leaves of it."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer

START = "pissa"


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="Qwen/Qwen2.5-0.5B")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--output", default="runs/dpo")
    return parser.parse_args()


def lora(rank):
    return LoraConfig(
        r=rank,
        lora_alpha=rank,
        lora_dropout=0.0,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
        init_lora_weights=START,  # expect: PEF409 error
        task_type="CAUSAL_LM",
    )


def main():
    args = parse()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    if tokenizer.pad_token is None:
        tokenizer.add_special_tokens({"pad_token": "<pad>"})
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16)
    pairs = load_dataset("json", data_files="pairs.jsonl", split="train")
    settings = DPOConfig(
        output_dir=args.output,
        beta=args.beta,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=8,
        num_train_epochs=1,
        logging_steps=10,
    )
    trainer = DPOTrainer(
        model=model,
        ref_model=None,
        args=settings,
        train_dataset=pairs,
        processing_class=tokenizer,
        peft_config=lora(args.rank),
    )
    trainer.train()
    trainer.save_model(args.output)


if __name__ == "__main__":
    main()
