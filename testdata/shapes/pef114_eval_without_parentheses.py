"""A loop that validates after each epoch, with a slip in the validation."""

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def build(name):
    base = AutoModelForSequenceClassification.from_pretrained(name, num_labels=3)
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=8,
        lora_alpha=16,
        lora_dropout=0.1,
        target_modules=["query", "value"],
    )
    return get_peft_model(base, config), AutoTokenizer.from_pretrained(name)


def accuracy(model, batches, device):
    model.eval  # expect: PEF114 error
    right = total = 0
    with torch.no_grad():
        for batch in batches:
            batch = {key: value.to(device) for key, value in batch.items()}
            guess = model(**batch).logits.argmax(-1)
            right += (guess == batch["labels"]).sum().item()
            total += len(guess)
    return right / total


def fit(model, train: DataLoader, valid: DataLoader, epochs=3, device="cuda"):
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
    for epoch in range(epochs):
        model.train()
        for batch in train:
            batch = {key: value.to(device) for key, value in batch.items()}
            model(**batch).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        print(epoch, accuracy(model, valid, device))


def main(folder="data"):
    model, tokenizer = build("bert-base-cased")
    fit(model, torch.load(f"{folder}/train.pt"), torch.load(f"{folder}/valid.pt"))
    model.save_pretrained("classifier")
    tokenizer.save_pretrained("classifier")


if __name__ == "__main__":
    main()
