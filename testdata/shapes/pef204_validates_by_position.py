"""A summariser trained by hand; its validation calls generate as the plain model had it."""

import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, DataCollatorForSeq2Seq

NAME = "google/flan-t5-base"


def build():
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    model = AutoModelForSeq2SeqLM.from_pretrained(NAME)
    config = LoraConfig(
        task_type=TaskType.SEQ_2_SEQ_LM, r=16, lora_alpha=32, target_modules=["q", "v"]
    )
    return get_peft_model(model, config), tokenizer


def loader(tokenizer, model, split):
    rows = load_dataset("samsum", split=split)
    rows = rows.map(
        lambda row: tokenizer(row["dialogue"], text_target=row["summary"], truncation=True),
        remove_columns=rows.column_names,
    )
    return DataLoader(rows, batch_size=8, collate_fn=DataCollatorForSeq2Seq(tokenizer, model))


@torch.no_grad()
def show(model, tokenizer, batches):
    model.eval()
    for batch in batches:
        output = model.generate(batch["input_ids"], max_new_tokens=60)  # expect: PEF204 error
        print(tokenizer.batch_decode(output, skip_special_tokens=True)[0])


def main(epochs=3):
    model, tokenizer = build()
    train = loader(tokenizer, model, "train")
    valid = loader(tokenizer, model, "validation")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        model.train()
        for batch in train:
            model(**batch).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        show(model, tokenizer, valid)
    model.save_pretrained("summaries")


if __name__ == "__main__":
    main()
