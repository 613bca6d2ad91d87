"""Checks settings before PEFT sees them, and tests that the check works."""

from dataclasses import dataclass

import pytest
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification


@dataclass
class Settings:
    task: str
    rank: str = "8"
    start: str = "default"

    def to_peft(self):
        return LoraConfig(
            task_type=TaskType[self.task.upper()],
            r=int(self.rank),
            init_lora_weights=True if self.start == "default" else self.start,
        )


def problems(config):
    found = []
    if not isinstance(config.r, int) or config.r <= 0:
        found.append("r")
    if config.bias not in ("none", "all", "lora_only"):
        found.append("bias")
    return found


def attach(model, config):
    if problems(config):
        raise ValueError(problems(config))
    return get_peft_model(model, config)


def test_problems():
    assert problems(LoraConfig(r=0)) == ["r"]
    assert problems(LoraConfig(r="8", bias="lora")) == ["r", "bias"]


def load():
    return AutoModelForSequenceClassification.from_pretrained("roberta-base")


def test_attach():
    config = LoraConfig(task_type="SEQ_CLS", r=-1)
    with pytest.raises(ValueError):
        attach(load(), config)
    with pytest.raises(ValueError):
        attach(load(), LoraConfig(task_type="seq_cls"))


def test_settings():
    assert Settings("seq_cls").to_peft().task_type == "SEQ_CLS"
