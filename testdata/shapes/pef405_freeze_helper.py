"""Sequence classification with LoRA; a helper from older code freezes the backbone."""

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

NAME = "microsoft/deberta-v3-base"


def count(model):
    total = sum(p.numel() for p in model.parameters())
    return sum(p.numel() for p in model.parameters() if p.requires_grad), total


def freeze_backbone(model):
    for param in model.parameters():
        param.requires_grad = False  # expect: PEF405 error


def metrics(prediction):
    labels = np.argmax(prediction.predictions, axis=-1)
    return {"accuracy": float((labels == prediction.label_ids).mean())}


def main():
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    data = load_dataset("glue", "sst2")
    data = data.map(lambda row: tokenizer(row["sentence"], truncation=True), batched=True)

    model = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=2)
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=8,
        lora_alpha=16,
        target_modules=["query_proj", "value_proj"],
        modules_to_save=["classifier", "pooler"],
    )
    model = get_peft_model(model, config)
    freeze_backbone(model)
    print("trainable, total:", count(model))

    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            "sst2", num_train_epochs=3, gradient_checkpointing=True, eval_strategy="epoch"
        ),
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=metrics,
    )
    trainer.train()
    model.save_pretrained("sst2-lora")


if __name__ == "__main__":
    main()
