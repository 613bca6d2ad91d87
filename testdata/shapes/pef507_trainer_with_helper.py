"""A helper makes the model, a trainer trains it, and the adapter goes to a hub."""

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


def load(name, rank):
    tokenizer = AutoTokenizer.from_pretrained(name)
    tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.bfloat16)
    start = "pissa_niter_4"  # expect: PEF507 warning
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=rank,
        lora_alpha=rank,
        lora_dropout=0.0,
        init_lora_weights=start,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
    )
    return get_peft_model(model, config), tokenizer


def main():
    model, tokenizer = load("mistralai/Mistral-7B-v0.1", rank=64)
    rows = load_dataset("json", data_files="chats.jsonl")["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=1024))
    trainer = Trainer(
        model=model,
        args=TrainingArguments("runs/pissa", num_train_epochs=1, bf16=True, report_to=[]),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.push_to_hub("team/mistral-pissa")
    tokenizer.push_to_hub("team/mistral-pissa")


if __name__ == "__main__":
    main()
