"""Look-alike: what the LoraConfig contains is written in a YAML file.

The false alarm would be PEF301: task_type and modules_to_save may well be in there.
"""

import sys

import yaml
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)


def build(settings, **overrides):
    model = AutoModelForSequenceClassification.from_pretrained(
        "bert-base-uncased", num_labels=settings["num_labels"]
    )
    config = LoraConfig(**{**settings["lora"], **overrides})
    return get_peft_model(model, config)


def build_from_scratch(settings):
    model = AutoModelForSequenceClassification.from_pretrained("roberta-base", num_labels=2)
    return get_peft_model(model, LoraConfig(r=8, lora_alpha=16, **settings["extra"]))


def main():
    with open(sys.argv[1]) as stream:
        settings = yaml.safe_load(stream)
    if settings.get("extra"):
        model = build_from_scratch(settings)
    else:
        model = build(settings, lora_dropout=0.1)

    tokenizer = AutoTokenizer.from_pretrained(settings["tokenizer"])
    data = load_dataset(settings["dataset"], split="train")
    data = data.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(**settings["training"]),
        train_dataset=data,
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.train()
    trainer.save_model()


if __name__ == "__main__":
    main()
