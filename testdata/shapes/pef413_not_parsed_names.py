"""Token classifier whose names come from the command line, or are those of question answering."""

from dataclasses import dataclass, field

from datasets import load_dataset
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForTokenClassification,
    HfArgumentParser,
    Trainer,
    TrainingArguments,
)


@dataclass
class Options:
    base: str = "bert-base-cased"
    task: str = "tokens"
    label_names: list[str] = field(default_factory=lambda: ["labels"])


def model_for(options):
    if options.task == "tokens":
        model = AutoModelForTokenClassification.from_pretrained(options.base, num_labels=9)
        return get_peft_model(model, LoraConfig(task_type="TOKEN_CLS")), options.label_names
    model = AutoModelForQuestionAnswering.from_pretrained(options.base)
    config = LoraConfig(task_type="QUESTION_ANS")
    return get_peft_model(model, config), ["start_positions", "end_positions"]


def main():
    (options,) = HfArgumentParser(Options).parse_args_into_dataclasses()
    model, names = model_for(options)
    rows = load_dataset("json", data_files={"train": "train.jsonl", "test": "test.jsonl"})
    args = TrainingArguments("runs/tags", label_names=names, eval_strategy="steps")
    trainer = Trainer(model, args, train_dataset=rows["train"], eval_dataset=rows["test"])
    trainer.train()


if __name__ == "__main__":
    main()
