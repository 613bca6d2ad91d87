"""A classifier moved from another library to PEFT; its last line was left behind."""

import numpy as np
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

NAME = "roberta-base"
OUTPUT = "runs/rotten-tomatoes"


def accuracy(prediction):
    guess = np.argmax(prediction.predictions, axis=1)
    return {"accuracy": float((guess == prediction.label_ids).mean())}


def main():
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    rows = load_dataset("rotten_tomatoes")
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True), batched=True)
    base = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=2)
    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16)
    model = get_peft_model(base, config)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(OUTPUT, num_train_epochs=3, report_to=[]),
        train_dataset=rows["train"],
        eval_dataset=rows["validation"],
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=accuracy,
    )
    trainer.train()
    print(trainer.evaluate())
    model.save_adapter(f"{OUTPUT}/adapter", "default")  # expect: PEF115 error


if __name__ == "__main__":
    main()
