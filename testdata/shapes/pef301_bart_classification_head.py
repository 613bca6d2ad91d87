"""BART calls its head classification_head: SEQ_CLS does not know that name."""

import torch
from accelerate import Accelerator
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import (
    AutoTokenizer,
    BartForSequenceClassification,
    DataCollatorWithPadding,
)


def evaluate(accelerator, model, loader):
    model.eval()
    right = total = 0
    for batch in loader:
        with torch.no_grad():
            predicted = model(**batch).logits.argmax(dim=-1)
        predicted, labels = accelerator.gather_for_metrics((predicted, batch["labels"]))
        right += (predicted == labels).sum().item()
        total += labels.numel()
    return right / total


def main():
    accelerator = Accelerator(mixed_precision="bf16")
    tokenizer = AutoTokenizer.from_pretrained("facebook/bart-base")
    model = BartForSequenceClassification.from_pretrained("facebook/bart-base", num_labels=2)
    settings = dict(r=16, lora_alpha=16, lora_dropout=0.1, target_modules=["q_proj", "v_proj"])
    lora = LoraConfig(task_type="SEQ_CLS", **settings)  # expect: PEF301 error
    model = get_peft_model(model, lora)

    data = load_dataset("nyu-mll/glue", "sst2").map(
        lambda rows: tokenizer(rows["sentence"], truncation=True), batched=True
    )
    data = data.rename_column("label", "labels").remove_columns(["sentence", "idx"])
    collate = DataCollatorWithPadding(tokenizer)
    train = DataLoader(data["train"], batch_size=32, shuffle=True, collate_fn=collate)
    valid = DataLoader(data["validation"], batch_size=64, collate_fn=collate)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4)
    model, optimizer, train, valid = accelerator.prepare(model, optimizer, train, valid)

    for epoch in range(3):
        model.train()
        for batch in train:
            accelerator.backward(model(**batch).loss)
            optimizer.step()
            optimizer.zero_grad()
        accelerator.print(epoch, evaluate(accelerator, model, valid))
    accelerator.unwrap_model(model).save_pretrained("bart-sst2-lora")


if __name__ == "__main__":
    main()
