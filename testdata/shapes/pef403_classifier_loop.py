"""Fine-tune an encoder for intent detection with an own loop, scheduler and evaluation."""

import argparse

import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from torch.optim import AdamW
from torch.utils.data import DataLoader
from tqdm import tqdm
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    get_linear_schedule_with_warmup,
    set_seed,
)


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="roberta-base")
    parser.add_argument("--lr", type=float, default=3e-4)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=32)
    return parser.parse_args()


def evaluate(model, loader):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for batch in loader:
            predictions = model(**batch).logits.argmax(dim=-1)
            right += (predictions == batch["labels"]).sum().item()
            total += len(predictions)
    return right / total


def main():
    args = parse_args()
    set_seed(7)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    data = load_dataset("clinc_oos", "plus").rename_column("intent", "labels")
    data = data.map(lambda row: tokenizer(row["text"], truncation=True, padding="max_length"))
    data.set_format("torch", columns=["input_ids", "attention_mask", "labels"])
    train = DataLoader(data["train"], batch_size=args.batch_size, shuffle=True)
    valid = DataLoader(data["validation"], batch_size=args.batch_size)

    model = AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=151)
    optimizer = AdamW(model.parameters(), lr=args.lr)  # expect: PEF403 error
    schedule = get_linear_schedule_with_warmup(optimizer, 100, len(train) * args.epochs)

    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16, lora_dropout=0.1)
    model = get_peft_model(model, config)
    model.print_trainable_parameters()

    for epoch in range(args.epochs):
        model.train()
        for batch in tqdm(train):
            outputs = model(**batch)
            outputs.loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        print(epoch, evaluate(model, valid))
    model.save_pretrained("intent-lora")


if __name__ == "__main__":
    main()
