"""PEF405: who freezes every parameter of a model freezes its adapter, and nothing is trained."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import largest
from tests.proofs.harness.training import LOOP, LOUD, SETUP, SFT, TRAIN, changed, watch

WRAP = "model = get_peft_model(base, LoraConfig(task_type='CAUSAL_LM', init_lora_weights=False))\n"
LOOPS = {
    "model": "for p in model.parameters(): p.requires_grad = False\n",
    "base": "for p in base.parameters(): p.requires_grad = False\n",
    "tuner": "for n, p in model.base_model.named_parameters(): p.requires_grad = False\n",
    "inside": "for p in model.get_base_model().parameters(): p.requires_grad_(False)\n",
    "call": "model.requires_grad_(False)\n",
    "base call": "base.requires_grad_(False)\n",
}
AFTER = {
    "set_adapter": "model.set_adapter('default')\n",
    "guarded": "for n, p in model.named_parameters(): p.requires_grad = 'lora_' in n\n",
}


def proof(example, use_instead):
    """The fresh adapter has no effect before training, nor after; with the guard, it has."""
    assert run(example, largest_b).value() == 0
    assert run(use_instead, largest_b).value() > 0


@pytest.mark.parametrize("freeze", LOOPS.values(), ids=LOOPS)
def test_the_adapter_is_frozen_by_any_name(freeze):
    assert run(SETUP + WRAP + freeze + TRAIN, changed, prepare=watch).value() == 0


@pytest.mark.parametrize("train", [SFT, LOOP], ids=["SFTTrainer", "own loop"])
def test_nothing_raises_either_with(train):
    assert run(SETUP + WRAP + LOOPS["model"] + train, changed, prepare=watch).value() == 0


def test_without_gradient_checkpointing_backward_raises():
    outcome = run(SETUP + WRAP + LOOPS["model"] + LOUD, changed, prepare=watch)
    assert "does not require grad" in outcome.exception


@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER)
def test_what_brings_the_adapter_back(after):
    code = SETUP + WRAP + LOOPS["model"] + after
    assert run(code + TRAIN, changed, prepare=watch).value() == 8


def test_frozen_before_the_wrap_it_trains():
    assert run(SETUP + LOOPS["base"] + WRAP + TRAIN, changed, prepare=watch).value() == 8


def largest_b(names):
    return largest(names["model"])
