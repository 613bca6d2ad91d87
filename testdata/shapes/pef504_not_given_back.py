# /// script
# dependencies = ["peft==0.11.1", "transformers==4.41.2", "torch", "datasets"]
# ///
"""Recover a pruned model with LoRA; small checkpoints on the way, the usual save at the end."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments


def recovered(args):
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    model = AutoModelForCausalLM.from_pretrained(args.pruned, torch_dtype=torch.bfloat16)
    config = LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "k_proj", "v_proj", "o_proj"])
    model = get_peft_model(model, config)

    def encode(row):
        ids = tokenizer(row["text"], truncation=True, max_length=512)["input_ids"]
        return {"input_ids": ids, "labels": ids}

    rows = load_dataset("text", data_files=args.data)["train"].map(encode)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(args.output, num_train_epochs=2, save_steps=200, report_to=[]),
        train_dataset=rows,
    )
    model.config.use_cache = False
    original = model.state_dict
    model.state_dict = (
        lambda self, *_, **__: get_peft_model_state_dict(self, original())
    ).__get__(model, type(model))

    trainer.train(resume_from_checkpoint=args.resume)

    model.state_dict = original
    model.save_pretrained(args.output)
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="huggyllama/llama-7b")
    parser.add_argument("--pruned", required=True)
    parser.add_argument("--data", default="recovery.txt")
    parser.add_argument("--output", default="recovered")
    parser.add_argument("--resume", default=None)
    recovered(parser.parse_args())


if __name__ == "__main__":
    main()
