"""The base comes from the command line; only num_labels says that the head is new."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    HfArgumentParser,
    Trainer,
    TrainingArguments,
)


def create_peft_model(name, labels, rank):
    model = AutoModelForSequenceClassification.from_pretrained(
        name,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    lora_config = LoraConfig(  # expect: PEF301 warning
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.05,
        bias="none",
    )
    return get_peft_model(model, lora_config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--rank", type=int, default=8)
    args, rest = parser.parse_known_args()
    (training_args,) = HfArgumentParser(TrainingArguments).parse_args_into_dataclasses(rest)

    data = load_dataset("dair-ai/emotion")
    labels = data["train"].features["label"].names
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    data = data.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)

    model = create_peft_model(args.model, labels, args.rank)
    trainer = Trainer(
        model=model,
        args=training_args,
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model()


if __name__ == "__main__":
    main()
