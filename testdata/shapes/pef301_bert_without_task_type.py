"""The plain case: BERT, a new head, and a LoraConfig that knows nothing of it."""

import numpy as np
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=4)

peft_config = LoraConfig(r=8, lora_alpha=16, lora_dropout=0.1, target_modules=["query", "value"])  # expect: PEF301 error
model = get_peft_model(model, peft_config)

dataset = load_dataset("fancyzhx/ag_news")
dataset = dataset.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)


def compute_metrics(prediction):
    return {"accuracy": float((np.argmax(prediction.predictions, -1) == prediction.label_ids).mean())}


trainer = Trainer(
    model=model,
    args=TrainingArguments(
        output_dir="bert-ag-news",
        learning_rate=3e-4,
        per_device_train_batch_size=32,
        num_train_epochs=2,
    ),
    train_dataset=dataset["train"],
    eval_dataset=dataset["test"],
    processing_class=tokenizer,
    data_collator=DataCollatorWithPadding(tokenizer),
    compute_metrics=compute_metrics,
)
trainer.train()
print(trainer.evaluate())
model.save_pretrained("bert-ag-news/adapter")
