"""One script for several kinds of model, each with the type that goes with its class."""

import argparse

from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    Trainer,
    TrainingArguments,
)

CLASSES = {
    "classify": (AutoModelForSequenceClassification, TaskType.SEQ_CLS),
    "tag": (AutoModelForTokenClassification, TaskType.TOKEN_CLS),
    "chat": (AutoModelForCausalLM, TaskType.CAUSAL_LM),
}


def load(args):
    if args.task == "translate":
        model = AutoModelForSeq2SeqLM.from_pretrained(args.model)
        # The encoder-decoder gets the type of a causal model, which works as well.
        return model, LoraConfig(task_type="CAUSAL_LM", r=args.rank)
    if args.task == "embed":
        model = AutoModel.from_pretrained("bert-base-uncased")
        return model, LoraConfig(task_type="FEATURE_EXTRACTION", r=args.rank)
    cls, task_type = CLASSES[args.task]
    model = cls.from_pretrained(args.model)
    return model, LoraConfig(task_type=task_type, r=args.rank)


class PairTrainer(Trainer):
    """Pulls the embeddings of a pair together."""

    def compute_loss(self, model, inputs, return_outputs=False, **kwargs):
        left = model(**inputs["left"]).last_hidden_state[:, 0]
        right = model(**inputs["right"]).last_hidden_state[:, 0]
        loss = (left - right).pow(2).mean()
        return (loss, left) if return_outputs else loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", choices=[*CLASSES, "translate", "embed"], default="classify")
    parser.add_argument("--model", default="bert-base-uncased")
    parser.add_argument("--rank", type=int, default=8)
    args = parser.parse_args()
    model, config = load(args)
    model = get_peft_model(model, config)
    settings = TrainingArguments("out", max_steps=100, report_to=[])
    trainer_class = PairTrainer if args.task == "embed" else Trainer
    trainer_class(model=model, args=settings, train_dataset=[]).train()
    model.save_pretrained("out")


if __name__ == "__main__":
    main()
