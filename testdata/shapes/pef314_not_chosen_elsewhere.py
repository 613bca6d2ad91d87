"""The start is a setting, and the project's own code prepares the model for it."""

import argparse
from dataclasses import dataclass

from peft import EvaConfig, LoftQConfig, LoraConfig, get_peft_model
from project.starts import prepare
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments


@dataclass
class Settings:
    start: str = "gaussian"
    bits: int = 4
    base: str = "gpt2"


def make_config(settings):
    config = LoraConfig(r=8, target_modules=["c_attn"], init_lora_weights=settings.start)
    if settings.start == "loftq":
        config.loftq_config = LoftQConfig(loftq_bits=settings.bits)
    elif settings.start == "eva":
        config.eva_config = EvaConfig()
    return config


def make_loftq(bits):
    """Settings and start together."""
    return LoraConfig(
        r=8, init_lora_weights="loftq", loftq_config=LoftQConfig(loftq_bits=bits)
    )


def make_eva(model):
    model = get_peft_model(model, LoraConfig(r=8, init_lora_weights="eva"))
    prepare(model, "eva")
    return model


def make_corda(model):
    prepare(model, "corda")
    return get_peft_model(model, LoraConfig(r=8, init_lora_weights="corda"))


def train(model):
    Trainer(model=model, args=TrainingArguments("out", report_to=[]), train_dataset=[]).train()
    model.save_pretrained("out")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--start", default="gaussian")
    parser.add_argument("--how", choices=["any", "eva", "corda", "loftq"], default="any")
    args = parser.parse_args()
    settings = Settings(start=args.start)
    model = AutoModelForCausalLM.from_pretrained(settings.base)
    if args.how == "eva":
        train(make_eva(model))
    elif args.how == "corda":
        train(make_corda(model))
    else:
        config = make_loftq(settings.bits) if args.how == "loftq" else make_config(settings)
        train(get_peft_model(model, config))


if __name__ == "__main__":
    main()
