"""Look-alike: the resume fork, and a Trainer that loads the checkpoint itself.

The false alarm would be PEF101 (or double wrapping): only one of the two branches runs.
"""

import argparse
from dataclasses import dataclass

import torch
from datasets import load_from_disk
from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, Trainer, TrainingArguments


@dataclass
class Hyperparameters:
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    steps: int = 1000


def build(args, hyper):
    model = AutoModelForCausalLM.from_pretrained(
        args.model,
        quantization_config=BitsAndBytesConfig(load_in_4bit=True),
        dtype=torch.bfloat16,
    )
    model = prepare_model_for_kbit_training(model)
    if args.resume_adapter:
        print(f"continuing with {args.resume_adapter}")
        model = PeftModel.from_pretrained(model, args.resume_adapter, is_trainable=True)
    else:
        config = LoraConfig(
            r=hyper.rank,
            lora_alpha=hyper.alpha,
            lora_dropout=hyper.dropout,
            task_type="CAUSAL_LM",
        )
        model = get_peft_model(model, config)
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="meta-llama/Llama-2-7b-hf")
    parser.add_argument("--resume-adapter")
    parser.add_argument("--resume-from-checkpoint")
    parser.add_argument("--output", default="out")
    args = parser.parse_args()
    hyper = Hyperparameters()

    model = build(args, hyper)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir=args.output, max_steps=hyper.steps, bf16=True),
        train_dataset=load_from_disk("data/packed"),
    )
    trainer.train(resume_from_checkpoint=args.resume_from_checkpoint)
    trainer.save_model(args.output)


if __name__ == "__main__":
    main()
