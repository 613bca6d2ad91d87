"""Two adapters on one model; the optimizer is made when only the first can be trained."""

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, get_linear_schedule_with_warmup


class Bilingual:
    def __init__(self, name="google/flan-t5-base"):
        self.tokenizer = AutoTokenizer.from_pretrained(name)
        base = AutoModelForSeq2SeqLM.from_pretrained(name)
        self.model = get_peft_model(base, self.config(), adapter_name="german")
        self.model.add_adapter("french", self.config())
        trainable = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(trainable, lr=1e-3)  # expect: PEF404 error
        self.schedule = get_linear_schedule_with_warmup(self.optimizer, 10, 1000)

    @staticmethod
    def config():
        return LoraConfig(task_type=TaskType.SEQ_2_SEQ_LM, r=8, lora_alpha=16)

    def collate(self, rows):
        batch = self.tokenizer([row["en"] for row in rows], padding=True, return_tensors="pt")
        labels = self.tokenizer([row["to"] for row in rows], padding=True, return_tensors="pt")
        return {**batch, "labels": labels["input_ids"]}

    def fit_french(self, rows):
        self.model.set_adapter("french")
        self.model.train()
        for batch in DataLoader(rows, batch_size=8, shuffle=True, collate_fn=self.collate):
            loss = self.model(**batch).loss
            loss.backward()
            self.optimizer.step()
            self.schedule.step()
            self.optimizer.zero_grad()
        self.model.save_pretrained("translation")


if __name__ == "__main__":
    Bilingual().fit_french([{"en": "a house", "to": "une maison"}] * 64)
