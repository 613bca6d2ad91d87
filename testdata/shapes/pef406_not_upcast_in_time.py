"""Tagger on a float16 base: what is trained is cast to float32 before the optimizer sees it."""

import argparse

import torch
from peft import LoraConfig, TaskType, cast_mixed_precision_params, get_peft_model
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
)

LABELS = ["O", "B-PER", "I-PER"]


def keep_in_float32(model):
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and parameter.dtype == torch.float16:
            parameter.data = parameter.data.to(torch.float32)


def build(name):
    model = AutoModelForTokenClassification.from_pretrained(
        name, num_labels=len(LABELS), torch_dtype=torch.float16
    )
    config = LoraConfig(task_type=TaskType.TOKEN_CLS, r=8, target_modules=["query", "value"])
    return get_peft_model(model, config)


def with_trainer(model, rows, collator):
    cast_mixed_precision_params(model, torch.float16)
    arguments = TrainingArguments("runs/tagger", fp16=True, num_train_epochs=3)
    trainer = Trainer(model, arguments, train_dataset=rows, data_collator=collator)
    trainer.train()


def by_hand(model, rows, collator):
    keep_in_float32(model)
    model.cuda()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    scaler = torch.amp.GradScaler("cuda")
    model.train()
    for batch in DataLoader(rows, batch_size=16, collate_fn=collator):
        with torch.autocast("cuda", dtype=torch.float16):
            loss = model(**batch.to("cuda")).loss
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rows")
    parser.add_argument("--by-hand", action="store_true")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained("roberta-base", add_prefix_space=True)
    collator = DataCollatorForTokenClassification(tokenizer)
    rows = torch.load(args.rows)
    model = build("roberta-base")
    if args.by_hand:
        by_hand(model, rows, collator)
    else:
        with_trainer(model, rows, collator)
    model.save_pretrained("runs/tagger")


if __name__ == "__main__":
    main()
