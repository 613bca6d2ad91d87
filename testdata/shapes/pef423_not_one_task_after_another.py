"""Tasks one after the other, each with an adapter and an optimizer of its own."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification, get_linear_schedule_with_warmup

CONFIG = LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=["query", "value"])


def optimizer_for(model, name):
    model.set_adapter(name)
    return torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-3)


def fit(model, optimizer, loader):
    schedule = get_linear_schedule_with_warmup(optimizer, 0, len(loader))
    model.train()
    for batch in loader:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def compare(model, names, loader):
    model.eval()
    for name in names:
        model.set_adapter(name)
        with torch.no_grad():
            print(name, sum(model(**batch).loss.item() for batch in loader))


def main():
    base = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
    model = get_peft_model(base, CONFIG, adapter_name="first")
    fit(model, optimizer_for(model, "first"), torch.load("first.pt"))
    model.load_adapter("shared-adapter", adapter_name="shared", is_trainable=True)
    fit(model, optimizer_for(model, "shared"), torch.load("second.pt"))
    model.add_adapter("third", CONFIG)
    fit(model, optimizer_for(model, "third"), torch.load("third.pt"))
    compare(model, ("first", "shared", "third"), torch.load("held-out.pt"))
    model.set_adapter("first")
    fit(model, optimizer_for(model, "first"), torch.load("again.pt"))
    model.save_pretrained("tasks")


if __name__ == "__main__":
    main()
