"""PEF402: preparing a model for k-bit training freezes the adapter that it has already."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import largest, trainable
from tests.proofs.harness.training import LOUD, SETUP, TRAIN, changed, watch

WRAP = "model = get_peft_model(base, LoraConfig(task_type='CAUSAL_LM'))\n"
KBIT = """
base = AutoModelForCausalLM.from_pretrained(
    "base-model", quantization_config=BitsAndBytesConfig(load_in_{}bit=True))
"""


def proof(example, use_instead):
    """The fresh adapter has no effect before training, nor after; in the right order it has."""
    assert run(example, largest_b).value() == 0
    assert run(use_instead, largest_b).value() > 0


@pytest.mark.parametrize("bits", [4, 8])
def test_a_quantised_model_trains_nothing_and_raises_nothing(bits):
    code = SETUP + KBIT.format(bits) + WRAP + "model = prepare_model_for_kbit_training(model)\n"
    assert run(code + LOUD, changed, prepare=watch).value() == 0


def test_the_right_order_trains():
    code = SETUP + KBIT.format(4) + "base = prepare_model_for_kbit_training(base)\n" + WRAP
    assert run(code + LOUD, changed, prepare=watch).value() > 0


def test_an_unquantised_model_raises_unless_gradient_checkpointing_is_on():
    code = SETUP + WRAP + "model = prepare_model_for_kbit_training(model)\n"
    assert "does not require grad" in run(code + LOUD, changed, prepare=watch).exception
    assert run(code + TRAIN, changed, prepare=watch).value() == 0


@pytest.mark.parametrize(
    "after",
    [
        "model.set_adapter('default')",
        "for n, p in model.named_parameters(): p.requires_grad = 'lora' in n",
    ],
)
def test_what_makes_the_adapter_trainable_again(after):
    code = SETUP + WRAP + "model = prepare_model_for_kbit_training(model)\n" + after + "\n"
    assert run(code + TRAIN, changed, prepare=watch).value() > 0


def test_a_new_adapter_of_the_same_name_takes_its_place_and_trains():
    code = f"{SETUP}base.add_adapter(LoraConfig())\nprepare_model_for_kbit_training(base)\n{WRAP}"
    assert run(code + TRAIN, changed, prepare=watch).value() > 0


def test_prompts_are_frozen_with_the_model_and_not_with_its_base():
    prompt = "PromptTuningConfig(task_type='CAUSAL_LM', num_virtual_tokens=2)"
    wrap = f"{SETUP}model = get_peft_model(base, {prompt})\nprepare_model_for_kbit_training"
    assert not run(f"{wrap}(model)", names_of_trainable).value()
    assert run(f"{wrap}(base)", names_of_trainable).value()
    layers = f"{SETUP}{WRAP}prepare_model_for_kbit_training(base)"
    assert not run(layers, names_of_trainable).value()


def largest_b(names):
    return largest(names["model"])


def names_of_trainable(names):
    return trainable(names["model"])
