"""Relations of a graph become tokens of their own; LoRA trains all around them."""

import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
    set_seed,
)

BASE = "meta-llama/Llama-3.2-1B"
RELATIONS = ["<born_in>", "<works_for>", "<part_of>"]


def load_tokenizer():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.add_tokens(RELATIONS, special_tokens=True)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(tokenizer):
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16, device_map="auto")
    model.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=8)
    config = LoraConfig(  # expect: PEF417 warning
        task_type=TaskType.CAUSAL_LM,
        r=16,
        lora_alpha=32,
        lora_dropout=0.05,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
    )
    return get_peft_model(model, config)


def main():
    set_seed(3)
    tokenizer = load_tokenizer()
    model = load_model(tokenizer)
    model.print_trainable_parameters()
    data = load_dataset("json", data_files="facts.jsonl", split="train")
    data = data.map(lambda row: tokenizer(row["text"], truncation=True, max_length=256))
    trainer = Trainer(
        model=model,
        args=TrainingArguments("facts", num_train_epochs=3, learning_rate=2e-4),
        train_dataset=data,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    )
    trainer.train()
    model.save_pretrained("facts/adapter")
    tokenizer.save_pretrained("facts/adapter")


if __name__ == "__main__":
    main()
