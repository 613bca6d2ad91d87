"""Distil a tuned teacher, which stays as it is, into a small student with an adapter of its own."""

import torch
import torch.nn.functional as functional
from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

TEACHER, ADAPTER, STUDENT = "meta-llama/Llama-3.1-8B", "team/teacher-lora", "Qwen/Qwen2.5-0.5B"


class Distiller:
    def __init__(self):
        base = AutoModelForCausalLM.from_pretrained(TEACHER)
        self.teacher = PeftModel.from_pretrained(base, ADAPTER)
        small = AutoModelForCausalLM.from_pretrained(STUDENT)
        self.student = get_peft_model(small, LoraConfig(task_type="CAUSAL_LM", r=8))
        self.projection = torch.nn.Linear(4096, 896)

    def loss(self, batch, temperature=2.0):
        with torch.no_grad():
            wanted = self.teacher(**batch).logits / temperature
        given = self.student(**batch).logits / temperature
        return functional.kl_div(given.log_softmax(-1), wanted.softmax(-1), reduction="batchmean")

    def fit(self, loader):
        chosen = [p for p in self.student.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(
            [{"params": chosen, "lr": 1e-4}, {"params": self.projection.parameters(), "lr": 1e-3}]
        )
        for batch in loader:
            loss = self.loss(batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(chosen, 1.0)
            optimizer.step()
            optimizer.zero_grad()


def evaluate(model, rows):
    arguments = TrainingArguments("eval", per_device_eval_batch_size=4, report_to=[])
    return Trainer(model=model, args=arguments, eval_dataset=rows).evaluate()


def main():
    tokenizer = AutoTokenizer.from_pretrained(STUDENT)
    rows = load_dataset("json", data_files="prompts.jsonl", split="train")
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True, max_length=256))
    distiller = Distiller()
    print("teacher", evaluate(distiller.teacher, rows))
    distiller.fit(DataLoader(rows.with_format("torch"), batch_size=1))
    distiller.student.save_pretrained("student-lora")
    base = AutoModelForCausalLM.from_pretrained(STUDENT)
    again = PeftModel.from_pretrained(base, "student-lora")
    print("student", evaluate(again, rows))


if __name__ == "__main__":
    main()
