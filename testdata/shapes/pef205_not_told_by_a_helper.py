"""Look-alike: a helper sees to special tokens of any model, and encoders go through it as well."""

import argparse

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

DECODERS = ("gpt2", "mistralai/Mistral-7B-v0.1", "meta-llama/Llama-2-7b-hf")


def sync_special_tokens(model, tokenizer):
    for config in (model.config, getattr(model, "generation_config", None)):
        if config is not None:
            config.pad_token_id = tokenizer.pad_token_id


def build(name, labels):
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModelForSequenceClassification.from_pretrained(name, num_labels=labels)
    if name in DECODERS:
        tokenizer.pad_token = tokenizer.eos_token
        sync_special_tokens(model, tokenizer)
    return get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8)), tokenizer


def train(model, tokenizer, rows, batch_size=16):
    def collate(batch):
        texts, labels = zip(*batch)
        encoded = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        return encoded | {"labels": torch.tensor(labels)}

    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    model.train()
    for batch in DataLoader(rows, batch_size=batch_size, collate_fn=collate):
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", default="runs")
    args = parser.parse_args()
    rows = [("a good film", 1), ("a bad film", 0)] * 50
    for name in ("gpt2", "distilbert-base-uncased"):
        model, tokenizer = build(name, labels=2)
        train(model, tokenizer, rows)
        model.save_pretrained(f"{args.output}/{name}")


if __name__ == "__main__":
    main()
