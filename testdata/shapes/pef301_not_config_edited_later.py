"""Look-alike: the configuration is completed before it meets the model.

The false alarm would be PEF301: the LoraConfig call itself names no task type and no modules.
"""

import argparse

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)


def base_config(rank):
    return LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.05, bias="none")


def for_classification(config):
    config.task_type = TaskType.SEQ_CLS
    config.target_modules = {"query", "value"}
    return config


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--whole-head", action="store_true")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
    model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=6)
    config = base_config(args.rank)
    if args.whole_head:
        config.modules_to_save = ["classifier", "pooler"]
    else:
        config = for_classification(config)
    model = get_peft_model(model, config)

    data = load_dataset("SetFit/TREC-QC", split="train")
    data = data.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir="trec", num_train_epochs=5),
        train_dataset=data,
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.train()
    trainer.save_model("trec/adapter")


if __name__ == "__main__":
    main()
