"""SEQ_CLS covers the classifier, but DeBERTa has a new pooler beside it."""

from dataclasses import dataclass, field

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

MODEL = "microsoft/deberta-v3-base"


@dataclass
class LoraSettings:
    r: int = 8
    alpha: int = 16
    targets: list = field(default_factory=lambda: ["query_proj", "value_proj"])


def get_model(settings):
    model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=3)
    config = LoraConfig(  # expect: PEF301 error
        task_type=TaskType.SEQ_CLS,
        r=settings.r,
        lora_alpha=settings.alpha,
        target_modules=settings.targets,
    )
    model = get_peft_model(model, config)
    model.print_trainable_parameters()
    return model


def main():
    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    data = load_dataset("nyu-mll/multi_nli")
    data = data.map(
        lambda rows: tokenizer(rows["premise"], rows["hypothesis"], truncation=True, max_length=128),
        batched=True,
    )
    trainer = Trainer(
        model=get_model(LoraSettings()),
        args=TrainingArguments("deberta-mnli", bf16=True, num_train_epochs=1, learning_rate=2e-4),
        train_dataset=data["train"],
        eval_dataset=data["validation_matched"],
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
    )
    trainer.train()
    print(trainer.evaluate())
    trainer.save_model("deberta-mnli/adapter")


if __name__ == "__main__":
    main()
