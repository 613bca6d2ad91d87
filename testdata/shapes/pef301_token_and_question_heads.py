"""Named entities and question answering: both heads are new, neither is saved.

After the training the extraction runs with BERT's dropout still live.
"""

import torch
from datasets import load_from_disk
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
    default_data_collator,
)

TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
tokenizer = AutoTokenizer.from_pretrained("google-bert/bert-base-cased")


def train_tagger(data):
    model = AutoModelForTokenClassification.from_pretrained(
        "google-bert/bert-base-cased", num_labels=len(TAGS), id2label=dict(enumerate(TAGS))
    )
    config = LoraConfig(r=16, lora_alpha=32, target_modules=["query", "key", "value"])  # expect: PEF301 error
    model = get_peft_model(model, config)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir="tagger", num_train_epochs=3, learning_rate=1e-3),
        train_dataset=data,
        data_collator=DataCollatorForTokenClassification(tokenizer),
    )
    trainer.train()
    model.save_pretrained("tagger/adapter")
    return model


def train_reader(data):
    model = AutoModelForQuestionAnswering.from_pretrained("google-bert/bert-base-cased")
    config = LoraConfig(  # expect: PEF301 error
        task_type="SEQ_CLS", r=16, target_modules=["query", "value"]
    )
    model = get_peft_model(model, config)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir="reader", num_train_epochs=2),
        train_dataset=data,
        data_collator=default_data_collator,
    )
    trainer.train()
    model.save_pretrained("reader/adapter")


@torch.no_grad()
def tags_of(model, text):
    batch = tokenizer(text, return_tensors="pt").to(model.device)
    logits = model(**batch).logits  # expect: PEF201 warning
    return [TAGS[i] for i in logits.argmax(dim=-1)[0].tolist()]


def main():
    tagger = train_tagger(load_from_disk("data/conll"))
    train_reader(load_from_disk("data/squad"))
    for text in ("Ada Lovelace met Charles Babbage in London.", "The bank is closed."):
        print(tags_of(tagger, text))


if __name__ == "__main__":
    main()
