"""A second stage with the first one's configuration; its adapter cannot be trained."""

import torch
from datasets import load_dataset
from peft import PeftConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, default_data_collator

FIRST = "runs/stage-one"
SECOND = "runs/stage-two"


def batches(tokenizer, name):
    rows = load_dataset(name, split="train[:2000]")
    rows = rows.map(
        lambda row: tokenizer(row["text"], truncation=True, padding="max_length", max_length=256),
        remove_columns=rows.column_names,
    )
    rows = rows.map(lambda row: {"labels": row["input_ids"]})
    return DataLoader(rows, batch_size=8, shuffle=True, collate_fn=default_data_collator)


def merged_base(config):
    base = AutoModelForCausalLM.from_pretrained("merged/stage-one", dtype=torch.bfloat16)
    base.config.use_cache = False
    base.gradient_checkpointing_enable()
    base.enable_input_require_grads()
    return get_peft_model(base, config)


def main(epochs=2):
    config = PeftConfig.from_pretrained(FIRST, inference_mode=False)  # expect: PEF112 error
    tokenizer = AutoTokenizer.from_pretrained(FIRST)
    model = merged_base(config).to("cuda")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    model.train()
    for epoch in range(epochs):
        for batch in batches(tokenizer, "wikitext"):
            batch = {key: value.to("cuda") for key, value in batch.items()}
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        print(epoch, loss.item())
    model.save_pretrained(SECOND)


if __name__ == "__main__":
    main()
