"""Training is optional; where it happened, the sample at the end is drawn in train mode."""

import argparse

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
)

NAME = "google/mt5-small"


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--do-train", action="store_true")
    parser.add_argument("--text", default="translate: Good morning.")
    return parser.parse_args()


def train(model, tokenizer):
    data = load_dataset("Helsinki-NLP/opus_books", "en-fr", split="train")
    data = data.map(
        lambda row: tokenizer(row["translation"]["en"], text_target=row["translation"]["fr"]),
        remove_columns=data.column_names,
    )
    trainer = Seq2SeqTrainer(
        model=model,
        args=Seq2SeqTrainingArguments(output_dir="mt5-books", num_train_epochs=1),
        train_dataset=data,
        data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
    )
    trainer.train()
    model.save_pretrained("mt5-books/adapter")


def main():
    args = parse_args()
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    base = AutoModelForSeq2SeqLM.from_pretrained(NAME)
    config = LoraConfig(task_type=TaskType.SEQ_2_SEQ_LM, r=8, lora_alpha=16, lora_dropout=0.05)
    model = get_peft_model(base, config)
    if args.do_train:
        train(model, tokenizer)
    inputs = tokenizer(args.text, return_tensors="pt").to(model.device)
    output = model.generate(**inputs, max_new_tokens=30)  # expect: PEF201 warning
    print(tokenizer.decode(output[0], skip_special_tokens=True))


if __name__ == "__main__":
    main()
