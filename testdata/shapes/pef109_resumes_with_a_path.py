"""Continue training where a run stopped; the first answer in the forum said it like this."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

LAST = "runs/alpaca/checkpoint-400"


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", default="TinyLlama/TinyLlama-1.1B-Chat-v1.0")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--output", default="runs/alpaca")
    return parser.parse_args()


def build(args):
    model = AutoModelForCausalLM.from_pretrained(args.base, dtype="auto")
    if args.resume:
        return PeftModel(model, LAST)  # expect: PEF109 error
    config = LoraConfig(r=16, lora_alpha=32, task_type="CAUSAL_LM")
    return get_peft_model(model, config)


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.base)
    tokenizer.pad_token = tokenizer.unk_token
    model = build(args)
    model.print_trainable_parameters()
    rows = load_dataset("tatsu-lab/alpaca", split="train")
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=512))
    trainer = Trainer(
        model=model,
        args=TrainingArguments(args.output, num_train_epochs=1, report_to=[]),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained(args.output)


if __name__ == "__main__":
    main()
