"""Fine-tune a small model; compiled first, "because it is faster"."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

MODEL = "gpt2"


def load_model(checkpoint):
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.bfloat16)
    model.config.use_cache = False
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", default="outputs/adapter")
    parser.add_argument("--rank", type=int, default=16)
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    tokenizer.add_special_tokens({"pad_token": "<|pad|>"})
    model = load_model(MODEL)
    model = torch.compile(model, mode="reduce-overhead")

    lora = LoraConfig(
        r=args.rank,
        lora_alpha=2 * args.rank,
        target_modules=["c_attn"],
        task_type=TaskType.CAUSAL_LM,
    )
    model = get_peft_model(model, lora)  # expect: PEF412 error
    model.print_trainable_parameters()

    rows = load_dataset("imdb", split="train[:1%]").map(
        lambda row: tokenizer(row["text"], truncation=True, max_length=256),
        remove_columns=["text", "label"],
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments(args.output, num_train_epochs=1, seed=7),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained(args.output)


if __name__ == "__main__":
    main()
