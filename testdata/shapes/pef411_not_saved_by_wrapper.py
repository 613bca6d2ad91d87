"""The base goes through the trainer on purpose; the PeftModel saves the adapter."""

from datasets import load_dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

NAME = "roberta-base"


def build():
    base = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=2)
    config = LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16)
    return base, get_peft_model(base, config)


def main():
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    data = load_dataset("glue", "mrpc")
    data = data.map(lambda row: tokenizer(row["sentence1"], row["sentence2"], truncation=True))

    base, wrapped = build()
    # The collator reads the signature of the model's own class.
    trainer = Trainer(
        model=base,
        args=TrainingArguments("runs/mrpc", num_train_epochs=3, save_strategy="no"),
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.train()
    print(trainer.evaluate())
    wrapped.save_pretrained("runs/mrpc/adapter")

    fresh = AutoModelForSequenceClassification.from_pretrained(NAME, num_labels=2)
    loaded = PeftModel.from_pretrained(fresh, "runs/mrpc/adapter")
    print(Trainer(model=loaded, eval_dataset=data["validation"]).evaluate())


if __name__ == "__main__":
    main()
