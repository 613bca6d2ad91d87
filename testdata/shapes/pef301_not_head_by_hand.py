"""Look-alike: the head is unfrozen by hand and saved by hand.

The false alarm would be PEF301: LoraConfig does not cover the head, the author does.
"""

from pathlib import Path

import torch
from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

OUTPUT = Path("bert-spam")


def main():
    tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
    model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=2)
    config = LoraConfig(r=8, lora_alpha=16, target_modules=["query", "value"])
    model = get_peft_model(model, config)
    for parameter in model.classifier.parameters():
        parameter.requires_grad = True

    data = load_dataset("ucirvine/sms_spam", split="train")
    data = data.map(lambda rows: tokenizer(rows["sms"], truncation=True), batched=True)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir=str(OUTPUT), num_train_epochs=3),
        train_dataset=data,
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.train()

    model.save_pretrained(OUTPUT)
    torch.save(model.classifier.state_dict(), OUTPUT / "head.pt")


if __name__ == "__main__":
    main()
