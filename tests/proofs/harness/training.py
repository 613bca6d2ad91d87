"""Short trainings of whatever is called `model`, and how much of an adapter they change."""

from __future__ import annotations

from functools import partial
from typing import Any

SETUP = """
import datasets, torch
from peft import *
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, Trainer, TrainingArguments
from trl import SFTConfig, SFTTrainer
rows = datasets.Dataset.from_dict({"input_ids": [[5, 6, 7]] * 4, "labels": [[5, 6, 7]] * 4})
options = dict(output_dir="out", max_steps=2, learning_rate=0.1, report_to=[], use_cpu=True,
    save_strategy="no")
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
LOUD = """
watch(model)
Trainer(model, TrainingArguments(**options), train_dataset=rows).train()
"""
TRAIN = """
watch(model)
arguments = TrainingArguments(gradient_checkpointing=True, **options)
Trainer(model, arguments, train_dataset=rows).train()
"""
SFT = """
watch(model)
SFTTrainer(model, SFTConfig(bf16=False, **options), train_dataset=rows).train()
"""
STEP = """
watch(model)
model.enable_input_require_grads()
tokens = torch.tensor([[5, 6, 7]])
model(input_ids=tokens, labels=tokens).loss.backward()
optimizer.step()
"""
LOOP = "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)" + STEP


def watch(names: dict[str, Any]) -> None:
    """Give a script the function `watch(model)`, after which `changed` tells what changed."""
    names["watch"] = partial(_remember, names)


def _remember(names: dict[str, Any], model: Any) -> None:
    names["__watched__"] = _copies(model)


def changed(names: dict[str, Any], word: str = "lora_") -> int:
    """Return how many tensors of the model whose name contains `word` are not as watched."""
    import torch

    before, now = names["__watched__"], _copies(names["model"])
    found = [name for name in before if word in name]
    return sum(name not in now or not torch.equal(before[name], now[name]) for name in found)


def _copies(model: Any) -> dict[str, Any]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}
