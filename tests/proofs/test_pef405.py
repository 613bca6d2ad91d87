"""PEF405: who freezes every parameter of a model freezes its adapter, and nothing is trained."""

from functools import partial

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
NAMES = {
    "start": "    p.requires_grad = n.startswith('lora_')\n",
    "inverted": "    if not 'lora' in n: continue\n    p.requires_grad = False\n",
    "other words": "    p.requires_grad = any(k in n for k in ('hada_', 'modules_to_save'))\n",
    "prefix": "    if 'base_model' in n: p.requires_grad_(False)\n",
}
# With how many tensors of the adapter change.
PARTS = {
    "one matrix": (4, "    if 'lora_A' in n: p.requires_grad = False\n"),
    "one layer": (4, "    if 'lora_' in n and '.layers.0.' in n: p.requires_grad = False\n"),
    "break": (4, "    if '.layers.1.' in n: break\n    p.requires_grad = False\n"),
    "base": (8, "    if 'lora_' not in n: p.requires_grad = False\n"),
}
LOOP_OF_NAMES = "for n, p in model.named_parameters():\n"
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


@pytest.mark.parametrize("choose", NAMES.values(), ids=NAMES)
def test_names_that_choose_nothing_of_the_adapter_freeze_it(choose):
    code = SETUP + WRAP + LOOP_OF_NAMES + choose + TRAIN
    assert run(code, changed, prepare=watch).value() == 0


@pytest.mark.parametrize(("count", "choose"), PARTS.values(), ids=PARTS)
def test_names_that_choose_a_part_of_it_leave_the_rest(count, choose):
    code = SETUP + WRAP + LOOP_OF_NAMES + choose + TRAIN
    assert run(code, changed, prepare=watch).value() == count


def test_names_of_another_method_freeze_the_adapter():
    wrap = "model = get_peft_model(base, IA3Config(task_type='CAUSAL_LM'))\n"
    code = SETUP + wrap + LOOP_OF_NAMES + "    p.requires_grad = 'lora_' in n\n" + TRAIN
    assert run(code, partial(changed, word="ia3_"), prepare=watch).value() == 0


def test_a_head_is_trained_beside_a_frozen_adapter():
    wrap = (
        "base = AutoModelForSequenceClassification.from_pretrained('base-model', num_labels=2)\n"
        "model = get_peft_model(base, LoraConfig(task_type='SEQ_CLS'))\n"
        "rows = datasets.Dataset.from_dict({'input_ids': [[5, 6, 7]] * 4, 'labels': [0, 1] * 2})\n"
    )
    code = SETUP + "from transformers import AutoModelForSequenceClassification\n" + wrap
    code += LOOP_OF_NAMES + "    if 'lora_' in n: p.requires_grad = False\n" + TRAIN
    assert run(code, changed, prepare=watch).value() == 0
    assert run(code, partial(changed, word="modules_to_save"), prepare=watch).value() == 1


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
