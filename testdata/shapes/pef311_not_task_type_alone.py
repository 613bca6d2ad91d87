"""Configs whose only positional arguments are fields in their order, which works."""

import argparse
from functools import partial

from peft import LoraConfig, PeftType, PromptTuningConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

CAUSAL = TaskType.CAUSAL_LM
Classifier = partial(LoraConfig, TaskType.SEQ_CLS)


def causal(rank):
    return LoraConfig(CAUSAL, r=rank, lora_alpha=2 * rank)


def prompts(tokens):
    return PromptTuningConfig("CAUSAL_LM", PeftType.PROMPT_TUNING, num_virtual_tokens=tokens)


def for_base(name, rank):
    return LoraConfig(TaskType.CAUSAL_LM, None, None, None, name, r=rank)


def by_task(task, kind, **settings):
    return LoraConfig(task, kind, **settings)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", default="CAUSAL_LM")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--how", choices=["causal", "prompts", "classifier", "task"])
    args = parser.parse_args()
    if args.how == "classifier":
        model = AutoModelForSequenceClassification.from_pretrained("my-classifier")
        config = Classifier(r=args.rank)
    else:
        model = AutoModelForCausalLM.from_pretrained("gpt2")
        if args.how == "causal":
            config = causal(args.rank)
        elif args.how == "prompts":
            config = prompts(20)
        elif args.how == "task":
            config = by_task(args.task, "LORA", r=args.rank)
        else:
            config = for_base("gpt2", args.rank)
    model = get_peft_model(model, config)
    model.print_trainable_parameters()


if __name__ == "__main__":
    main()
