"""PEF318: with these values four steps of training leave the loss where it was."""

import pytest

from tests.proofs.harness import run

SCRIPT = """
from peft import (
    AdaLoraConfig, LoHaConfig, LoKrConfig, LoraConfig, PrefixTuningConfig, PromptEncoderConfig,
    PromptTuningConfig, get_peft_model
)
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("base-model")
model = get_peft_model(model, {})
"""


def proof(example, use_instead):
    """The example learns nothing, the fixed text does."""
    assert len(set(run(example, losses).value())) == 1
    first, *_, last = run(use_instead, losses).value()
    assert last < first - 0.1


@pytest.mark.parametrize(
    "config",
    [
        "LoraConfig(lora_alpha=0, use_rslora=True)",
        "LoraConfig(lora_dropout=1.0)",
        "LoraConfig(lora_dropout=1, use_dora=True)",
        "AdaLoraConfig(lora_dropout=1.0, total_step=10)",
        "LoHaConfig(alpha=0, target_modules=['q_proj'])",
        "LoKrConfig(alpha=0, target_modules=['q_proj'])",
        "PromptTuningConfig(task_type='CAUSAL_LM', num_virtual_tokens=0)",
        "PrefixTuningConfig(task_type='CAUSAL_LM', num_virtual_tokens=0)",
        "PromptEncoderConfig(task_type='CAUSAL_LM', num_virtual_tokens=0)",
    ],
)
def test_nothing_is_learned(config):
    assert len(set(run(SCRIPT.format(config), losses).value())) == 1


@pytest.mark.parametrize(
    "config",
    [
        "AdaLoraConfig(lora_alpha=0, total_step=10)",
        "LoraConfig(lora_alpha=0, use_dora=True)",
        "LoraConfig(lora_alpha=0, alpha_pattern={'q_proj': 16})",
        "LoraConfig(lora_alpha=0.5)",
        "LoKrConfig(target_modules=['q_proj'])",
    ],
)
def test_look_alikes_learn(config):
    assert len(set(run(SCRIPT.format(config), losses).value())) > 1


def test_a_dropout_above_one_raises():
    outcome = run(SCRIPT.format("LoraConfig(lora_dropout=5)"))
    assert outcome.exception.startswith("ValueError: dropout probability")


def losses(names):
    import torch

    model = names["model"].train()
    rows = torch.tensor([[11, 42, 7, 99, 23, 150, 64, 2]])
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=0.1)
    found = []
    for _ in range(4):
        loss = model(input_ids=rows, labels=rows).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(round(float(loss), 5))
    return found
