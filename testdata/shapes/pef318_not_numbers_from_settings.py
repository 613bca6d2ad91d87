"""Numbers come from a file of settings; the defaults in the text are only placeholders."""

import json
from dataclasses import dataclass
from pathlib import Path

from peft import LoraConfig, PrefixTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM


@dataclass
class Settings:
    rank: int = 0
    alpha: int = 0
    dropout: float = 1.0
    tokens: int = 0
    method: str = "lora"


def read(path):
    return Settings(**json.loads(Path(path).read_text()))


def config_of(settings):
    if settings.method == "prefix":
        return PrefixTuningConfig(
            task_type="CAUSAL_LM", num_virtual_tokens=max(settings.tokens, 8)
        )
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
    )


def build(name, path):
    return get_peft_model(AutoModelForCausalLM.from_pretrained(name), config_of(read(path)))


if __name__ == "__main__":
    build("gpt2", "settings.json").print_trainable_parameters()
