"""Train a LoRA sentiment classifier on top of BERT and keep the adapter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

CHECKPOINT = "google-bert/bert-base-uncased"
LABELS = ["negative", "positive"]


@dataclass
class Settings:
    output_dir: str = "bert-imdb-lora"
    max_length: int = 256
    batch_size: int = 32
    epochs: int = 3
    learning_rate: float = 5e-4
    seed: int = 13


def compute_metrics(prediction) -> dict[str, float]:
    predicted = np.argmax(prediction.predictions, axis=-1)
    return {"accuracy": float((predicted == prediction.label_ids).mean())}


def prepare_data(tokenizer, settings: Settings):
    dataset = load_dataset("stanfordnlp/imdb")

    def tokenize(batch):
        return tokenizer(batch["text"], truncation=True, max_length=settings.max_length)

    return dataset.map(tokenize, batched=True, remove_columns=["text"])


def build_model():
    model = AutoModelForSequenceClassification.from_pretrained(
        CHECKPOINT,
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        label2id={label: index for index, label in enumerate(LABELS)},
    )
    config = LoraConfig(  # expect: PEF301 error
        r=8,
        lora_alpha=16,
        lora_dropout=0.1,
        target_modules=["query", "value"],
        bias="none",
    )
    model = get_peft_model(model, config)
    model.print_trainable_parameters()
    return model


def main() -> None:
    settings = Settings()
    set_seed(settings.seed)

    tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
    dataset = prepare_data(tokenizer, settings)
    model = build_model()

    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=settings.output_dir,
            num_train_epochs=settings.epochs,
            per_device_train_batch_size=settings.batch_size,
            per_device_eval_batch_size=2 * settings.batch_size,
            learning_rate=settings.learning_rate,
            weight_decay=0.01,
            eval_strategy="epoch",
            save_strategy="epoch",
            load_best_model_at_end=True,
            metric_for_best_model="accuracy",
            seed=settings.seed,
        ),
        train_dataset=dataset["train"],
        eval_dataset=dataset["test"],
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=compute_metrics,
    )
    trainer.train()
    print(trainer.evaluate())

    model.save_pretrained(settings.output_dir)
    tokenizer.save_pretrained(settings.output_dir)


if __name__ == "__main__":
    main()
