"""A wrapper class that keeps the base and the PeftModel, and checkpoints the wrong one."""

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer


class Summariser:
    def __init__(self, name="google/flan-t5-base", rank=8):
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        self.base = AutoModelForSeq2SeqLM.from_pretrained(name)
        config = LoraConfig(task_type=TaskType.SEQ_2_SEQ_LM, r=rank, lora_alpha=2 * rank)
        self.model = get_peft_model(self.base, config)

    def fit(self, rows, folder, epochs=2, lr=1e-4):
        loader = DataLoader(rows, batch_size=8, shuffle=True, collate_fn=self.collate)
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=lr)
        self.model.train()
        for epoch in range(epochs):
            for batch in loader:
                loss = self.model(**batch).loss
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
            self.base.save_pretrained(f"{folder}/epoch-{epoch}")  # expect: PEF503 error
            self.tokenizer.save_pretrained(f"{folder}/epoch-{epoch}")

    def collate(self, rows):
        batch = self.tokenizer([row["text"] for row in rows], padding=True, return_tensors="pt")
        labels = self.tokenizer([row["summary"] for row in rows], padding=True, return_tensors="pt")
        batch["labels"] = labels["input_ids"]
        return batch

    def publish(self, repository):
        self.model.get_base_model().push_to_hub(repository)  # expect: PEF503 error


if __name__ == "__main__":
    rows = [{"text": "a long text", "summary": "short"}] * 64
    summariser = Summariser()
    summariser.fit(rows, "runs/summariser")
    summariser.publish("team/summariser")
