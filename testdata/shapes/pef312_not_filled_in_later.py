"""Soft prompts from settings: what a config lacks at first is filled in before it is used."""

import argparse
from dataclasses import dataclass

from peft import (
    PrefixTuningConfig,
    PromptEncoderConfig,
    PromptTuningConfig,
    PromptTuningInit,
    TaskType,
    get_peft_model,
)
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

CONFIGS = {
    "prompt": PromptTuningConfig,
    "prefix": PrefixTuningConfig,
    "p-tuning": PromptEncoderConfig,
}


@dataclass
class Settings:
    method: str = "prompt"
    tokens: int = 16
    text: str | None = None
    model: str = "gpt2"
    seq2seq: bool = False


def build(settings):
    common = {"num_virtual_tokens": settings.tokens}
    common["task_type"] = TaskType.SEQ_2_SEQ_LM if settings.seq2seq else TaskType.CAUSAL_LM
    config = CONFIGS[settings.method](**common)
    if settings.text is not None and settings.method == "prompt":
        config.prompt_tuning_init = PromptTuningInit.TEXT
        config.prompt_tuning_init_text = settings.text
        config.tokenizer_name_or_path = settings.model
    return config


def build_by_hand(settings):
    config = PrefixTuningConfig()
    config.task_type = "CAUSAL_LM"
    config.num_virtual_tokens = settings.tokens
    return config


def build_with_text(settings, text):
    start = "TEXT" if text else "RANDOM"
    return PromptTuningConfig(
        task_type="CAUSAL_LM",
        num_virtual_tokens=settings.tokens,
        prompt_tuning_init=start,
        prompt_tuning_init_text=text,
        tokenizer_name_or_path=settings.model if text else None,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--method", choices=[*CONFIGS, "by-hand", "text"], default="prompt")
    parser.add_argument("--seq2seq", action="store_true")
    parser.add_argument("--text")
    args = parser.parse_args()
    settings = Settings(method=args.method, text=args.text, seq2seq=args.seq2seq)
    cls = AutoModelForSeq2SeqLM if settings.seq2seq else AutoModelForCausalLM
    model = cls.from_pretrained(settings.model)
    if args.method == "by-hand":
        model = get_peft_model(model, build_by_hand(settings))
    elif args.method == "text":
        model = get_peft_model(model, build_with_text(settings, args.text))
    else:
        model = get_peft_model(model, build(settings))
    model.print_trainable_parameters()


if __name__ == "__main__":
    main()
