"""An own loop on accelerate that can start from an adapter of an earlier run."""

import json
from pathlib import Path

import torch
from accelerate import Accelerator
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, get_linear_schedule_with_warmup


class Experiment:
    def __init__(self, settings):
        self.settings = settings
        self.accelerator = Accelerator()
        self.tokenizer = AutoTokenizer.from_pretrained(settings["model"])
        base = AutoModelForSeq2SeqLM.from_pretrained(settings["model"])
        if settings.get("resume_from"):
            self.model = PeftModel.from_pretrained(base, settings["resume_from"])  # expect: PEF401 error
        else:
            config = LoraConfig(task_type=TaskType.SEQ_2_SEQ_LM, r=16, lora_dropout=0.05)
            self.model = get_peft_model(base, config)
        self.model.gradient_checkpointing_enable()
        self.model.enable_input_require_grads()

    def loader(self):
        rows = [json.loads(line) for line in Path(self.settings["data"]).read_text().splitlines()]
        return DataLoader(rows, batch_size=8, shuffle=True, collate_fn=self.collate)

    def collate(self, rows):
        batch = self.tokenizer([row["question"] for row in rows], padding=True, return_tensors="pt")
        answers = self.tokenizer([row["answer"] for row in rows], padding=True, return_tensors="pt")
        return {**batch, "labels": answers["input_ids"]}

    def run(self):
        loader = self.loader()
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=self.settings["lr"])
        steps = len(loader) * self.settings["epochs"]
        schedule = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)
        model, optimizer, loader, schedule = self.accelerator.prepare(
            self.model, optimizer, loader, schedule
        )
        model.train()
        for epoch in range(self.settings["epochs"]):
            for batch in loader:
                loss = model(**batch).loss
                self.accelerator.backward(loss)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
            self.accelerator.print(f"epoch {epoch}: {loss.item():.3f}")
        self.accelerator.unwrap_model(model).save_pretrained(self.settings["output"])


if __name__ == "__main__":
    settings = json.loads(Path("experiment.json").read_text())
    Experiment(settings).run()
