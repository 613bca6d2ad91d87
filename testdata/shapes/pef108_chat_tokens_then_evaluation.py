"""Train with tokens for a chat format; the evaluation starts from the base as it came."""

import torch
from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

BASE = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"
SAVED = "runs/chat/adapter"
TOKENS = ["<|user|>", "<|bot|>", "<|end|>"]


def tokenizer_with_tokens():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    tokenizer.add_tokens(TOKENS, special_tokens=True)
    tokenizer.pad_token = "<|end|>"
    return tokenizer


def train(tokenizer):
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)
    model.resize_token_embeddings(len(tokenizer))
    config = LoraConfig(
        r=16,
        lora_alpha=32,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
        modules_to_save=["embed_tokens", "lm_head"],
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(model, config)
    rows = load_dataset("json", data_files="chats.jsonl")["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=1024))
    Trainer(
        model=model,
        args=TrainingArguments("runs/chat", num_train_epochs=2, report_to=[]),
        train_dataset=rows,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
    ).train()
    model.save_pretrained(SAVED)


def evaluate(tokenizer):
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)
    model = PeftModel.from_pretrained(base, SAVED)  # expect: PEF108 error
    inputs = tokenizer("<|user|>Hello<|end|><|bot|>", return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=50, do_sample=False)
    print(tokenizer.decode(output[0]))


def main():
    tokenizer = tokenizer_with_tokens()
    train(tokenizer)
    evaluate(tokenizer)


if __name__ == "__main__":
    main()
