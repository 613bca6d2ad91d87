"""A classifier whose adapter has a name of its own, for a server that loads several of them."""

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
)

BASE = "roberta-base"


class Experiment:
    def __init__(self, rank=8):
        self.tokenizer = AutoTokenizer.from_pretrained(BASE)
        self.config = LoraConfig(task_type=TaskType.SEQ_CLS, r=rank)

    def build(self):
        model = AutoModelForSequenceClassification.from_pretrained(BASE, num_labels=2)
        return get_peft_model(model, self.config, adapter_name="sentiment")

    def encode(self, row):
        return self.tokenizer(row["text"], truncation=True)

    def run(self, folder):
        data = load_dataset("imdb").map(self.encode, batched=True)
        model = self.build()
        args = TrainingArguments(
            folder,
            learning_rate=2e-4,
            eval_strategy="steps",
            eval_steps=200,
            save_steps=200,
            metric_for_best_model="eval_loss",
            load_best_model_at_end=True,  # expect: PEF424 error
        )
        trainer = Trainer(
            model,
            args,
            train_dataset=data["train"],
            eval_dataset=data["test"],
            processing_class=self.tokenizer,
        )
        trainer.train()
        trainer.save_model(f"{folder}/best")


if __name__ == "__main__":
    Experiment().run("runs/sentiment")
