"""PEF423: once another adapter is active, or all is frozen, training changes nothing."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import largest
from tests.proofs.harness.training import LOUD, SETUP, STEP, TRAIN, changed, watch

LORA = "LoraConfig(task_type='CAUSAL_LM', init_lora_weights=False)"
FRESH = f"model = get_peft_model(base, {LORA})\n"
NATIVE = f"base.add_adapter({LORA}, 'default'); model = base\n"
LOAD = "model.load_adapter('my-other-adapter', adapter_name='other')\n"
TO_TRAIN = "model.load_adapter('my-other-adapter', adapter_name='other', is_trainable=True)\n"
SWITCH = "model.set_adapter('other')\n"
BACK = "model.set_adapter('default')\n"
ONLY = "model.set_adapter('default', inference_mode=True)\n"
EVERY = "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
CHOSEN = "optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)\n"
LATE = STEP.replace("optimizer.step()", SWITCH + "optimizer.step()")
# The other stack has neither TRL nor datasets.
SHORT = """
import torch
from peft import *
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
"""


def proof(example, use_instead):
    """The adapter has no effect before training, nor after; activated again, it has."""
    assert run(example, largest_of_policy).value() == 0
    assert run(use_instead, largest_of_policy).value() > 0


@pytest.mark.parametrize(
    ("code", "default", "other"),
    [
        (FRESH + EVERY + LOAD + STEP, 8, 0),
        (FRESH + EVERY + LOAD + SWITCH + STEP, 0, 0),
        (FRESH + EVERY + LOAD + SWITCH + BACK + STEP, 8, 0),
        (FRESH + LOAD + CHOSEN + SWITCH + STEP, 0, 0),
        (FRESH + LOAD + CHOSEN + LATE, 8, 0),
        (FRESH + LOAD + EVERY + SWITCH + STEP, 0, 8),
        (FRESH + EVERY + ONLY + STEP, 0, 0),
        (FRESH + LOAD + LOUD, 8, 0),
        (FRESH + ONLY + TRAIN, 0, 0),
        (NATIVE + CHOSEN + LOAD + STEP, 0, 0),
        (NATIVE + CHOSEN + TO_TRAIN + STEP, 0, 0),
        (NATIVE + CHOSEN + LOAD + BACK + STEP, 8, 0),
        (NATIVE + LOAD + TRAIN, 0, 0),
        (NATIVE + LOAD + BACK + TRAIN, 8, 0),
        (NATIVE + TO_TRAIN + TRAIN, 0, 8),
    ],
)
def test_what_is_trained(code, default, other):
    assert run(SETUP + code, changed_by_name, prepare=watch).value() == [default, other]


@pytest.mark.stack
@pytest.mark.parametrize(("again", "expected"), [("", [0, 0]), (BACK, [8, 0])])
def test_a_load_freezes_all_before_peft_0_21(again, expected):
    code = SHORT + FRESH + EVERY + LOAD + again + STEP
    assert run(code, changed_by_name, prepare=watch, stack="peft-0.19").value() == expected


def changed_by_name(names):
    return [changed(names, ".default."), changed(names, ".other.")]


def largest_of_policy(names):
    return largest(names["model"], "lora_B.policy")
