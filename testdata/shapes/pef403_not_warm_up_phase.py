"""Train the head on a frozen body first, then add LoRA and train both with a new optimizer."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification, get_cosine_schedule_with_warmup


class TwoPhases:
    def __init__(self, name="bert-base-uncased", labels=3):
        self.model = AutoModelForSequenceClassification.from_pretrained(name, num_labels=labels)
        for parameter in self.model.bert.parameters():
            parameter.requires_grad = False
        self.optimizer = torch.optim.AdamW(self.model.classifier.parameters(), lr=1e-3)
        self.schedule = get_cosine_schedule_with_warmup(self.optimizer, 10, 1000)

    def step(self, batch):
        loss = self.model(**batch).loss
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        return loss.item()

    def second_phase(self, rank=8):
        config = LoraConfig(task_type="SEQ_CLS", r=rank, modules_to_save=["classifier"])
        self.model = get_peft_model(self.model, config)
        chosen = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(chosen, lr=2e-4)
        self.schedule = get_cosine_schedule_with_warmup(self.optimizer, 10, 1000)


def main(loader):
    phases = TwoPhases()
    for batch in loader:
        phases.step(batch)
    phases.second_phase()
    for batch in loader:
        phases.step(batch)
    phases.model.save_pretrained("two-phases")
