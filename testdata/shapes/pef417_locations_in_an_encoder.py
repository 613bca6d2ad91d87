"""An encoder reads entity markers; only the attention and the head learn what they mean."""

import torch
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer

NAME = "roberta-base"


def collate(tokenizer, rows):
    texts = [f"<head> {row['head']} </head> {row['text']}" for row in rows]
    batch = tokenizer(texts, return_tensors="pt", padding=True, truncation=True)
    batch["labels"] = torch.tensor([row["label"] for row in rows])
    return batch


def main():
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    markers = {"additional_special_tokens": ["<head>", "</head>"]}
    model = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=5)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<head>", "</head>"]})
    model.resize_token_embeddings(len(tokenizer))
    print("markers:", markers)
    config = LoraConfig(  # expect: PEF417 warning
        task_type="SEQ_CLS", r=8, target_modules=["query", "value"]
    )
    model = get_peft_model(model, config)

    rows = torch.load("relations.pt")
    loader = DataLoader(rows, batch_size=16, collate_fn=lambda part: collate(tokenizer, part))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-4)
    for epoch in range(4):
        model.train()
        for batch in loader:
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        print(epoch, loss.item())
    model.save_pretrained("relations")


if __name__ == "__main__":
    main()
