"""Fine-tune with TRL; with --merge the full model goes where the adapter went."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="Qwen/Qwen2.5-0.5B")
    parser.add_argument("--data", required=True)
    parser.add_argument("--output_dir", default="output")
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("--rank", type=int, default=16)
    return parser.parse_args()


def build(args, tokenizer):
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16)
    config = LoraConfig(r=args.rank, lora_alpha=32, task_type="CAUSAL_LM")
    arguments = SFTConfig(
        output_dir=args.output_dir,
        num_train_epochs=1,
        per_device_train_batch_size=4,
        learning_rate=2e-4,
        report_to=[],
    )
    rows = load_dataset("json", data_files=args.data, split="train")
    return SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=rows,
        processing_class=tokenizer,
        peft_config=config,
    )


def main():
    args = parse()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    trainer = build(args, tokenizer)
    trainer.train()
    trainer.save_model(args.output_dir)
    tokenizer.save_pretrained(args.output_dir)
    if args.merge:
        print("merging")
        full = trainer.model.merge_and_unload()
        full.save_pretrained(args.output_dir)  # expect: PEF505 error


if __name__ == "__main__":
    main()
