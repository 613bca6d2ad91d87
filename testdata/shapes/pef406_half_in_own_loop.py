"""Causal model with LoRA, cast by half() as a whole, and trained with a gradient scaler."""

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from torch.cuda.amp import GradScaler, autocast
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, get_linear_schedule_with_warmup

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Finetuner:
    def __init__(self, name, epochs=3):
        self.epochs = epochs
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        self.tokenizer.pad_token = self.tokenizer.eos_token
        base = AutoModelForCausalLM.from_pretrained(name)
        config = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05, task_type="CAUSAL_LM")
        self.model = get_peft_model(base, config)
        self.model.half()
        self.model.to(device)
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=2e-4)
        self.scaler = GradScaler()

    def loader(self):
        data = load_dataset("databricks/databricks-dolly-15k", split="train")
        return DataLoader(data, batch_size=4, shuffle=True, collate_fn=self.collate)

    def collate(self, rows):
        texts = [row["instruction"] + "\n" + row["response"] for row in rows]
        batch = self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        batch["labels"] = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
        return batch

    def fit(self):
        loader = self.loader()
        steps = len(loader) * self.epochs
        schedule = get_linear_schedule_with_warmup(self.optimizer, 100, steps)
        self.model.train()
        for epoch in range(self.epochs):
            for batch in loader:
                batch = {key: value.to(device) for key, value in batch.items()}
                with autocast():
                    loss = self.model(**batch).loss
                self.scaler.scale(loss).backward()
                self.scaler.unscale_(self.optimizer)
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.scaler.step(self.optimizer)  # expect: PEF406 warning
                self.scaler.update()
                schedule.step()
                self.optimizer.zero_grad()
            self.model.save_pretrained(f"runs/epoch-{epoch}")


if __name__ == "__main__":
    Finetuner("gpt2-medium").fit()
