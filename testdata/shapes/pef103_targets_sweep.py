"""Compares which layers to adapt; every round wraps the one base that was loaded on top."""

import json

from datasets import load_from_disk
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

MODEL_ID = "roberta-base"
SETTINGS = {
    "all": ["query", "key", "value", "dense"],
    "attention": ["query", "key", "value"],
    "query and value": ["query", "value"],
    "query": ["query"],
}

tokenizer = AutoTokenizer.from_pretrained(MODEL_ID)
data = load_from_disk("data/reviews")
base = AutoModelForSequenceClassification.from_pretrained(MODEL_ID, num_labels=2)

losses = {}
for name, targets in SETTINGS.items():
    config = LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=targets)
    model = get_peft_model(base, config)  # expect: PEF103 warning
    model.print_trainable_parameters()
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir=f"out/{name}", num_train_epochs=2, report_to=[]),
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.train()
    losses[name] = trainer.evaluate()["eval_loss"]

with open("losses.json", "w") as stream:
    json.dump(losses, stream, indent=2)
