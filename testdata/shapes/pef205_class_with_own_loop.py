"""A wrapper around a classifier that trains by hand; the batch size comes from the outside."""

import torch
from accelerate import Accelerator
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoTokenizer, GPT2ForSequenceClassification

CHECKPOINT = "gpt2"


class ToxicityModel:
    def __init__(self, labels, rank=8):
        self.accelerator = Accelerator()
        self.model = GPT2ForSequenceClassification.from_pretrained(  # expect: PEF205 warning
            CHECKPOINT, num_labels=labels
        )
        self.tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
        self.tokenizer.add_special_tokens({"pad_token": "<|pad|>"})
        self.model.resize_token_embeddings(len(self.tokenizer))
        config = LoraConfig(task_type="SEQ_CLS", r=rank, target_modules=["c_attn"])
        self.model = get_peft_model(self.model, config)

    def collate(self, rows):
        batch = self.tokenizer([row["text"] for row in rows], padding=True, return_tensors="pt")
        batch["labels"] = torch.tensor([row["label"] for row in rows])
        return batch

    def fit(self, rows, batch_size, epochs=3):
        loader = DataLoader(rows, batch_size=batch_size, shuffle=True, collate_fn=self.collate)
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        model, optimizer, loader = self.accelerator.prepare(self.model, optimizer, loader)
        model.train()
        for epoch in range(epochs):
            total = 0.0
            for batch in loader:
                loss = model(**batch).loss
                self.accelerator.backward(loss)
                optimizer.step()
                optimizer.zero_grad()
                total += loss.item()
            print(f"epoch {epoch}: {total / len(loader):.4f}")
        self.accelerator.unwrap_model(model).save_pretrained("runs/toxicity")


if __name__ == "__main__":
    data = [{"text": "you are kind", "label": 0}, {"text": "you are not", "label": 1}] * 32
    ToxicityModel(labels=2).fit(data, batch_size=int(input("batch size: ")))
