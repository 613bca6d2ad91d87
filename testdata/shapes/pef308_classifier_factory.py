"""Text classification: a factory makes the config, with the head in a tuple."""

import argparse

from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments


def lora_config(rank, alpha):
    return LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=rank,
        lora_alpha=alpha,
        target_modules=["query", "value"],
        modules_to_save=("classifier",),  # expect: PEF308 error
    )


class Experiment:
    def __init__(self, checkpoint, labels):
        self.base = AutoModelForSequenceClassification.from_pretrained(
            checkpoint, num_labels=labels
        )
        self.model = get_peft_model(self.base, lora_config(8, 16))

    def run(self, rows, output):
        arguments = TrainingArguments(output, num_train_epochs=3)
        trainer = Trainer(model=self.model, args=arguments, train_dataset=rows)
        trainer.train()
        self.model.save_pretrained(output)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", default="bert-base-uncased")
    parser.add_argument("--output", default="runs/topics")
    args = parser.parse_args()
    from data import load

    Experiment(args.checkpoint, 4).run(load(), args.output)


if __name__ == "__main__":
    main()
