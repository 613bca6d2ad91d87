"""One script for three tasks; each names its head, since all-linear would take it."""

import argparse

from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

HEADS = {"tokens": ["classifier"], "questions": ["qa_outputs"], "sequences": None}
TASKS = {
    "tokens": (AutoModelForTokenClassification, TaskType.TOKEN_CLS),
    "questions": (AutoModelForQuestionAnswering, TaskType.QUESTION_ANS),
    "sequences": (AutoModelForSequenceClassification, TaskType.SEQ_CLS),
}


def build(task, base_id, rank):
    auto_class, task_type = TASKS[task]
    model = auto_class.from_pretrained(base_id)
    config = LoraConfig(
        task_type=task_type,
        r=rank,
        target_modules="all-linear",
        modules_to_save=HEADS[task],
    )
    return get_peft_model(model, config)


def build_tagger(base_id="bert-base-cased"):
    model = AutoModelForTokenClassification.from_pretrained(base_id, num_labels=9)
    heads = [name for name, _ in model.named_children() if name != model.base_model_prefix]
    return get_peft_model(
        model,
        LoraConfig(task_type="TOKEN_CLS", target_modules="all-linear", modules_to_save=heads),
    )


def build_with_frozen_head(base_id="dslim/bert-base-NER"):
    model = AutoModelForTokenClassification.from_pretrained(base_id)
    config = LoraConfig(task_type="TOKEN_CLS", target_modules="all-linear")
    config.exclude_modules = ["classifier"]
    return get_peft_model(model, config)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=[*TASKS])
    parser.add_argument("--base", default="bert-base-cased")
    args = parser.parse_args()
    for rank in (8, 16):
        build(args.task, args.base, rank).print_trainable_parameters()
    build("questions", "bert-base-cased", 8)
    build_tagger().print_trainable_parameters()
    build_with_frozen_head().print_trainable_parameters()


if __name__ == "__main__":
    main()
