"""PEF317: what the default of `lora_alpha` makes of a high rank."""

import pytest

from tests.proofs.harness import run

MODEL = """
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("base-model")
ids = torch.tensor([[11, 42, 7, 99]])
before = model(input_ids=ids).logits
torch.manual_seed(1)
model = get_peft_model(model, {})
"""
STEP = """
optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.001)
model(input_ids=ids, labels=ids).loss.backward()
optimizer.step()
"""
GIVEN = """
for name, parameter in model.named_parameters():
    if "lora_B" in name:
        torch.nn.init.constant_(parameter, 1e-5)
"""


def proof(example, use_instead):
    """The adapter of the example is scaled by an eighth, that of the fixed text by one."""
    assert run(example, scale).value() == 0.125
    assert run(use_instead, scale).value() == 1


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("LoraConfig()", 1),
        ("LoraConfig(r=16)", 0.5),
        ("LoraConfig(r=32)", 0.25),
        ("LoraConfig(r=256)", 0.03125),
        ("LoraConfig(r=64, use_rslora=True)", 1),
        ("LoraConfig(r=64, lora_alpha=128)", 2),
    ],
)
def test_the_scale_is_alpha_by_rank(config, expected):
    assert run(MODEL.format(config), scale).value() == expected


def test_the_same_weights_and_steps_do_less():
    small, full = MODEL.format("LoraConfig(r=64)"), MODEL.format("LoraConfig(r=64, lora_alpha=64)")
    same = run(full + GIVEN, effect).value() / run(small + GIVEN, effect).value()
    assert same == pytest.approx(8, rel=0.2)
    # The gradient is scaled as well.
    assert run(full + STEP, effect).value() > 30 * run(small + STEP, effect).value()


def scale(names):
    modules = names["model"].modules()
    (value,) = {one.scaling["default"] for one in modules if hasattr(one, "lora_A")}
    return value


def effect(names):
    after = names["model"](input_ids=names["ids"]).logits
    return (after - names["before"]).abs().max().item()
