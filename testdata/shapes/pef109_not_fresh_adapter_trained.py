"""The class of the task is called with a config, as get_peft_model does, and trained."""

import torch
from datasets import load_dataset
from peft import LoraConfig, PeftModelForSequenceClassification, TaskType
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    get_linear_schedule_with_warmup,
)

NAME = "roberta-base"


def loader(tokenizer):
    rows = load_dataset("glue", "mrpc", split="train")
    rows = rows.map(
        lambda row: tokenizer(row["sentence1"], row["sentence2"], truncation=True),
        remove_columns=["sentence1", "sentence2", "idx"],
    ).rename_column("label", "labels")
    return DataLoader(rows, batch_size=16, collate_fn=DataCollatorWithPadding(tokenizer))


def main(epochs=3):
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    base = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=2)
    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16, lora_dropout=0.1)
    model = PeftModelForSequenceClassification(base, config)
    batches = loader(tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    schedule = get_linear_schedule_with_warmup(optimizer, 0, epochs * len(batches))
    model.train()
    for _ in range(epochs):
        for batch in batches:
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    model.save_pretrained("mrpc")


if __name__ == "__main__":
    main()
