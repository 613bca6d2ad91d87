"""Compare LoRA with AdaLora on one data set, in a loop of our own."""

import torch
from accelerate import Accelerator
from peft import AdaLoraConfig, LoraConfig, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_scheduler

NAME = "roberta-base"
EPOCHS = 5


class Experiment:
    def __init__(self, method, rows, batch_size=32):
        self.accelerator = Accelerator()
        self.tokenizer = AutoTokenizer.from_pretrained(NAME)
        loader = DataLoader(rows, batch_size=batch_size, shuffle=True, collate_fn=self.collate)
        self.steps = EPOCHS * len(loader)
        model = self.build(method)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        schedule = get_scheduler("linear", optimizer, 0, self.steps)
        self.model, self.optimizer, self.loader, self.schedule = self.accelerator.prepare(
            model, optimizer, loader, schedule
        )

    def build(self, method):
        base = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=2)
        if method == "adalora":
            config = AdaLoraConfig(  # expect: PEF418 warning
                task_type="SEQ_CLS", init_r=16, target_r=8, total_step=self.steps
            )
        else:
            config = LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16)
        return get_peft_model(base, config)

    def collate(self, rows):
        texts, labels = zip(*rows, strict=True)
        batch = self.tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        batch["labels"] = torch.tensor(labels)
        return batch

    def fit(self):
        self.model.train()
        for epoch in range(EPOCHS):
            total = 0.0
            for batch in self.loader:
                with self.accelerator.accumulate(self.model):
                    loss = self.model(**batch).loss
                    self.accelerator.backward(loss)
                    self.optimizer.step()
                    self.schedule.step()
                    self.optimizer.zero_grad()
                total += loss.item()
            self.accelerator.print(f"epoch {epoch}: {total / len(self.loader):.3f}")

    def save(self, path):
        self.accelerator.unwrap_model(self.model).save_pretrained(path)


if __name__ == "__main__":
    data = [("fine", 1), ("bad", 0)] * 200
    for name in ("lora", "adalora"):
        experiment = Experiment(name, data)
        experiment.fit()
        experiment.save(name)
