"""Look-alike: the trainer has the tokenizer and tells the model of its pad token by itself."""

from datasets import load_dataset
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)


class WeightedTrainer(Trainer):
    def __init__(self, weights, **kwargs):
        super().__init__(**kwargs)
        self.weights = weights

    def compute_loss(self, model, inputs, return_outputs=False, **kwargs):
        output = model(**inputs)
        loss = output.loss * self.weights[int(inputs["labels"][0])]
        return (loss, output) if return_outputs else loss


def load(name, labels):
    tokenizer = AutoTokenizer.from_pretrained(name)
    if not tokenizer.pad_token:
        tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "right"
    model = AutoModelForSequenceClassification.from_pretrained(name, num_labels=labels)
    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, target_modules="all-linear")
    return get_peft_model(model, config), tokenizer


def run(name, folder):
    model, tokenizer = load(name, labels=2)
    rows = load_dataset("glue", "sst2")
    rows = rows.map(lambda row: tokenizer(row["sentence"], truncation=True), batched=True)
    trainer = WeightedTrainer(
        weights=[1.0, 2.0],
        model=model,
        args=TrainingArguments(folder, per_device_train_batch_size=8, report_to=[]),
        train_dataset=rows["train"],
        eval_dataset=rows["validation"],
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.train()
    return trainer.evaluate()


def main():
    for name in ("Qwen/Qwen2.5-0.5B", "EleutherAI/pythia-160m"):
        print(name, run(name, f"runs/{name}"))


if __name__ == "__main__":
    main()
