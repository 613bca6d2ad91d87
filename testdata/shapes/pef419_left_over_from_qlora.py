"""Tune a small model on instructions; the quantisation of an older version was taken out."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

MODEL = "Qwen/Qwen2.5-1.5B-Instruct"
PROMPT = "### Instruction:\n{instruction}\n\n### Response:\n{output}"


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="instructions.jsonl")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--output", default="qwen-instructions")
    return parser.parse_args()


def load_model(rank):
    model = AutoModelForCausalLM.from_pretrained(
        MODEL, torch_dtype=torch.bfloat16, device_map="auto"
    )
    model.config.use_cache = False
    model.gradient_checkpointing_enable()
    model.enable_input_require_grads()
    model = prepare_model_for_kbit_training(model)  # expect: PEF419 info
    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.05,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(model, config)
    model.print_trainable_parameters()
    return model


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    rows = load_dataset("json", data_files=args.data, split="train")
    rows = rows.map(
        lambda row: tokenizer(PROMPT.format(**row), truncation=True, max_length=512),
        remove_columns=rows.column_names,
    )
    trainer = Trainer(
        model=load_model(args.rank),
        args=TrainingArguments(args.output, num_train_epochs=3, learning_rate=2e-4, bf16=True),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    trainer.save_model(args.output)


if __name__ == "__main__":
    main()
