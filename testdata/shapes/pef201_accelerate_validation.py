"""An accelerate loop whose validation pass runs in train mode."""

import argparse

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    get_linear_schedule_with_warmup,
)


def loaders(tokenizer, batch_size):
    data = load_dataset("knkarthick/samsum")
    data = data.map(
        lambda rows: tokenizer(rows["dialogue"], text_target=rows["summary"], truncation=True),
        batched=True,
        remove_columns=data["train"].column_names,
    )
    collate = DataCollatorForSeq2Seq(tokenizer)
    train = DataLoader(data["train"], batch_size=batch_size, shuffle=True, collate_fn=collate)
    valid = DataLoader(data["validation"], batch_size=batch_size, collate_fn=collate)
    return train, valid


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=8)
    args = parser.parse_args()

    accelerator = Accelerator()
    set_seed(7)
    tokenizer = AutoTokenizer.from_pretrained("google/flan-t5-base")
    model = AutoModelForSeq2SeqLM.from_pretrained("google/flan-t5-base")
    config = LoraConfig(task_type=TaskType.SEQ_2_SEQ_LM, r=8, lora_alpha=32, lora_dropout=0.1)
    model = get_peft_model(model, config)

    train, valid = loaders(tokenizer, args.batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = get_linear_schedule_with_warmup(optimizer, 0, len(train) * args.epochs)
    model, optimizer, train, valid, scheduler = accelerator.prepare(
        model, optimizer, train, valid, scheduler
    )

    for epoch in range(args.epochs):
        model.train()
        for batch in train:
            loss = model(**batch).loss
            accelerator.backward(loss)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()

        losses = []
        for batch in valid:
            with torch.no_grad():
                outputs = model(**batch)  # expect: PEF201 warning
            losses.append(accelerator.gather(outputs.loss).mean().item())
        accelerator.print(f"epoch {epoch}: validation loss {sum(losses) / len(losses):.4f}")

    accelerator.unwrap_model(model).save_pretrained("flan-t5-samsum-lora")


if __name__ == "__main__":
    main()
