"""A classifier whose label names are to travel with the adapter, in its folder."""

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
)

NAMES = ["world", "sports", "business", "science"]
FOLDER = "models/news"


class NewsClassifier:
    def __init__(self, checkpoint="roberta-base"):
        self.tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        self.model = AutoModelForSequenceClassification.from_pretrained(
            checkpoint,
            num_labels=len(NAMES),
            id2label=dict(enumerate(NAMES)),
            label2id={name: index for index, name in enumerate(NAMES)},
        )
        config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16, lora_dropout=0.1)
        self.model = get_peft_model(self.model, config)

    def fit(self):
        tokenizer = self.tokenizer
        rows = load_dataset("ag_news").map(
            lambda row: tokenizer(row["text"], truncation=True, padding="max_length", max_length=128)
        )
        trainer = Trainer(
            model=self.model,
            args=TrainingArguments("runs/news", num_train_epochs=1, report_to=[]),
            train_dataset=rows["train"],
        )
        trainer.train()

    def save(self):
        self.model.config.save_pretrained(FOLDER)
        self.model.save_pretrained(FOLDER)  # expect: PEF511 warning
        self.tokenizer.save_pretrained(FOLDER)


if __name__ == "__main__":
    classifier = NewsClassifier()
    classifier.fit()
    classifier.save()
