"""Trains a tagger for names on CoNLL; the adapter goes on everything that is linear."""

import argparse

import numpy as np
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
)

CHECKPOINT = "FacebookAI/xlm-roberta-base"
LABELS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]


def align(rows, tokenizer):
    encoded = tokenizer(rows["tokens"], truncation=True, is_split_into_words=True)
    encoded["labels"] = [
        [-100 if word is None else tags[word] for word in encoded.word_ids(index)]
        for index, tags in enumerate(rows["ner_tags"])
    ]
    return encoded


def accuracy(prediction):
    guesses = np.argmax(prediction.predictions, axis=-1)
    known = prediction.label_ids != -100
    return {"accuracy": (guesses[known] == prediction.label_ids[known]).mean()}


class Tagger:
    def __init__(self, rank):
        self.tokenizer = AutoTokenizer.from_pretrained(CHECKPOINT)
        self.model = AutoModelForTokenClassification.from_pretrained(
            CHECKPOINT, num_labels=len(LABELS)
        )
        self.config = LoraConfig(
            task_type=TaskType.TOKEN_CLS,
            r=rank,
            lora_alpha=2 * rank,
            target_modules="all-linear",  # expect: PEF320 error
        )

    def fit(self, rows):
        self.model = get_peft_model(self.model, self.config)
        trainer = Trainer(
            model=self.model,
            args=TrainingArguments("tagger", eval_strategy="epoch"),
            train_dataset=rows["train"],
            eval_dataset=rows["validation"],
            data_collator=DataCollatorForTokenClassification(self.tokenizer),
            compute_metrics=accuracy,
        )
        trainer.train()
        self.model.save_pretrained("tagger/final")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rank", type=int, default=16)
    tagger = Tagger(parser.parse_args().rank)
    dataset = load_dataset("conll2003")
    tagger.fit(dataset.map(lambda rows: align(rows, tagger.tokenizer), batched=True))
