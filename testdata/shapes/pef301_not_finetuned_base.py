"""Look-alike: the base checkpoints bring a trained head along.

The false alarm would be PEF301: nothing is new here, the head stays frozen on purpose.
"""

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    default_data_collator,
)

SENTIMENT = "cardiffnlp/twitter-roberta-base-sentiment-latest"
READER = "deepset/roberta-base-squad2"


def adapt(model):
    return get_peft_model(model, LoraConfig(r=8, lora_alpha=16, lora_dropout=0.1))


def train(model, tokenizer, data, collator, output_dir):
    trainer = Trainer(
        model=adapt(model),
        args=TrainingArguments(output_dir=output_dir, num_train_epochs=1, learning_rate=1e-4),
        train_dataset=data,
        processing_class=tokenizer,
        data_collator=collator,
    )
    trainer.train()
    trainer.save_model(output_dir)


def main():
    tokenizer = AutoTokenizer.from_pretrained(SENTIMENT)
    tweets = load_dataset("csv", data_files="airline_tweets.csv", split="train")
    tweets = tweets.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)
    model = AutoModelForSequenceClassification.from_pretrained(SENTIMENT)
    train(model, tokenizer, tweets, DataCollatorWithPadding(tokenizer), "airline-sentiment")

    tokenizer = AutoTokenizer.from_pretrained(READER)
    questions = load_dataset("json", data_files="manual_qa_features.json", split="train")
    model = AutoModelForQuestionAnswering.from_pretrained(READER)
    train(model, tokenizer, questions, default_data_collator, "manual-reader")


if __name__ == "__main__":
    main()
