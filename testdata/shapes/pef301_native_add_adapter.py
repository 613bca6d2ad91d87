"""task_type does nothing when transformers' own add_adapter takes the configuration."""

from datasets import load_dataset
from peft import LoraConfig, TaskType
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)


class Classifier:
    def __init__(self, num_labels):
        self.tokenizer = AutoTokenizer.from_pretrained("FacebookAI/roberta-base")
        self.model = AutoModelForSequenceClassification.from_pretrained(
            "FacebookAI/roberta-base", num_labels=num_labels
        )
        self.model.add_adapter(
            LoraConfig(task_type=TaskType.SEQ_CLS, r=8, target_modules=["query", "value"])  # expect: PEF301 error
        )

    def encode(self, rows):
        return self.tokenizer(rows["text"], truncation=True, max_length=256)

    def fit(self, train, output_dir):
        trainer = Trainer(
            model=self.model,
            args=TrainingArguments(output_dir=output_dir, num_train_epochs=2),
            train_dataset=train.map(self.encode, batched=True),
            data_collator=DataCollatorWithPadding(self.tokenizer),
        )
        trainer.train()
        self.model.save_pretrained(output_dir)


if __name__ == "__main__":
    Classifier(num_labels=20).fit(load_dataset("SetFit/20_newsgroups", split="train"), "news-lora")
