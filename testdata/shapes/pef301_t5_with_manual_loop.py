"""T5 as a classifier: the head is called classification_head, as in BART."""

import argparse

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def read_pairs(path):
    with open(path) as stream:
        for line in stream:
            label, text = line.rstrip("\n").split("\t")
            yield text, int(label)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("train")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--save-to", default="t5-intent-lora")
    args = parser.parse_args()
    torch.manual_seed(0)

    tokenizer = AutoTokenizer.from_pretrained("google-t5/t5-base")
    model = AutoModelForSequenceClassification.from_pretrained("google-t5/t5-base", num_labels=12)
    peft_config = LoraConfig(  # expect: PEF301 error
        task_type=TaskType.SEQ_CLS,
        inference_mode=False,
        r=8,
        lora_alpha=32,
        lora_dropout=0.1,
    )
    model = get_peft_model(model, peft_config)

    def collate(pairs):
        texts, labels = zip(*pairs)
        batch = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        return {**batch, "labels": torch.tensor(labels)}

    loader = DataLoader(list(read_pairs(args.train)), batch_size=16, shuffle=True, collate_fn=collate)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model.train()
    for epoch in range(args.epochs):
        total = 0.0
        for batch in loader:
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total += loss.item()
        print(f"epoch {epoch}: {total / len(loader):.4f}")
    model.save_pretrained(args.save_to)


if __name__ == "__main__":
    main()
