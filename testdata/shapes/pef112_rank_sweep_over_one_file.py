"""A sweep over ranks that starts from one saved configuration; every run has its rank."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)


class Sweep:
    def __init__(self, template, model, output):
        self.template = template
        self.name = model
        self.output = output
        self.tokenizer = AutoTokenizer.from_pretrained(model)

    def rows(self):
        rows = load_dataset("imdb", split="train[:5000]")
        return rows.map(lambda row: self.tokenizer(row["text"], truncation=True))

    def model(self, rank):
        base = AutoModelForSequenceClassification.from_pretrained(self.name, num_labels=2)
        config = LoraConfig.from_pretrained(  # expect: PEF112 error
            self.template,
            r=rank,
            lora_alpha=2 * rank,
        )
        config.inference_mode = False
        return get_peft_model(base, config)

    def run(self, rank):
        trainer = Trainer(
            model=self.model(rank),
            args=TrainingArguments(f"{self.output}/r{rank}", num_train_epochs=1, report_to=[]),
            train_dataset=self.rows(),
            data_collator=DataCollatorWithPadding(self.tokenizer),
        )
        trainer.train()
        trainer.save_model()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--template", default="configs/best")
    options = parser.parse_args()
    sweep = Sweep(options.template, "roberta-base", "runs/sweep")
    for size in (4, 8, 16, 32):
        sweep.run(size)
