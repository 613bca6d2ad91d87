"""A regression head with a loss of its own: the batch keeps a column that the loss takes out."""

import torch
from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
)


class HuberTrainer(Trainer):
    def __init__(self, *args, delta=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.delta = delta

    def compute_loss(self, model, inputs, return_outputs=False, **kwargs):
        target = inputs.pop("target").float()
        outputs = model(**inputs)
        loss = torch.nn.functional.huber_loss(outputs.logits[:, 0], target, delta=self.delta)
        return (loss, outputs) if return_outputs else loss


def collate(rows, tokenizer):
    batch = tokenizer.pad([{"input_ids": row["input_ids"]} for row in rows], return_tensors="pt")
    batch["target"] = torch.tensor([row["target"] for row in rows])
    return batch


def main(name="roberta-base"):
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModelForSequenceClassification.from_pretrained(name, num_labels=1)
    model = get_peft_model(model, LoraConfig(task_type=TaskType.SEQ_CLS))
    rows = load_dataset("csv", data_files="scores.csv")["train"]
    rows = rows.map(lambda row: tokenizer(row["text"], truncation=True)).train_test_split(0.1)
    args = TrainingArguments(
        "runs/scores",
        remove_unused_columns=False,
        label_names=["target"],
        eval_strategy="epoch",
    )
    trainer = HuberTrainer(
        model,
        args,
        data_collator=lambda batch: collate(batch, tokenizer),
        train_dataset=rows["train"],
        eval_dataset=rows["test"],
    )
    trainer.train()


if __name__ == "__main__":
    main()
