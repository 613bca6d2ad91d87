"""PEF419: the preparation for k-bit training freezes a plain model, and makes it float32."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.training import LOOP, LOUD, SETUP, SFT, TRAIN, changed, watch

PREPARE = "model = prepare_model_for_kbit_training(model)\n"
WRAP = "model = get_peft_model(model, LoraConfig(task_type='CAUSAL_LM'))\n"


def proof(example, use_instead):
    """Nothing of the model changes; without the call all of it does."""
    start = "trainer.train()"
    assert run(example.replace(start, f"watch(model)\n{start}"), every, prepare=watch).value() == 0
    fixed = run(use_instead.replace(start, f"watch(model)\n{start}"), every, prepare=watch)
    assert fixed.value() == 21


def load(dtype):
    return f"{SETUP}model = AutoModelForCausalLM.from_pretrained('base-model', dtype={dtype})\n"


@pytest.mark.parametrize("dtype", ["torch.float32", "torch.bfloat16"])
@pytest.mark.parametrize("training", [TRAIN, SFT, LOOP])
def test_nothing_is_trained_and_nothing_raised(dtype, training):
    assert run(load(dtype) + PREPARE + training, every, prepare=watch).value() == 0
    assert run(load(dtype) + training, every, prepare=watch).value() == 21


def test_it_raises_without_gradient_checkpointing():
    outcome = run(load("torch.float32") + PREPARE + LOUD, prepare=watch)
    assert "does not require grad" in outcome.exception


def test_an_adapter_is_trained_either_way():
    assert run(load("torch.float32") + PREPARE + WRAP + TRAIN, changed, prepare=watch).value() == 8
    assert run(load("torch.float32") + WRAP + TRAIN, changed, prepare=watch).value() == 8


@pytest.mark.parametrize("dtype", ["torch.float16", "torch.bfloat16", "'float16'"])
def test_16_bit_weights_become_twice_as_large(dtype):
    before = run(load(dtype), size).value()
    assert run(load(dtype) + PREPARE, size).value() > 1.95 * before
    assert run(load(dtype) + PREPARE + "model.to(torch.bfloat16)", size).value() <= before


def test_float32_weights_stay_as_they_are():
    assert (
        run(load("torch.float32"), size).value()
        == run(load("torch.float32") + PREPARE, size).value()
    )


def test_gradient_checkpointing_is_left_off():
    code = load("torch.float32") + PREPARE
    assert run(code, checkpointing).value() is False


def every(names):
    return changed(names, "")


def size(names):
    return names["model"].get_memory_footprint()


def checkpointing(names):
    return names["model"].is_gradient_checkpointing
