"""PEF310: an adapter made with `inference_mode=True` is frozen, and training changes nothing."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import largest, trainable

SCRIPT = """
from peft import (
    IA3Config, LNTuningConfig, LoraConfig, OFTConfig, PromptTuningConfig, get_peft_model
)
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
model = AutoModelForCausalLM.from_pretrained("base-model")
"""


def proof(example, use_instead):
    """The example trains in silence and its adapter stays at zero; the fixed one learns."""
    assert run(example, trained).value() == 0
    assert run(use_instead, trained).value() > 0


def test_a_loop_without_gradient_checkpointing_raises():
    code = SCRIPT + (
        'model = get_peft_model(model, LoraConfig(inference_mode=True, task_type="CAUSAL_LM"))\n'
        "model(**model.dummy_inputs, labels=model.dummy_inputs['input_ids']).loss.backward()"
    )
    assert "does not require grad" in run(code).exception


@pytest.mark.parametrize(
    "config",
    [
        "LoraConfig(inference_mode=True)",
        "LoraConfig(inference_mode=True, modules_to_save=['lm_head'])",
        "LoraConfig(inference_mode=True, bias='all')",
        "LoraConfig(inference_mode=True, trainable_token_indices=[1])",
        "IA3Config(inference_mode=True)",
        "LNTuningConfig(inference_mode=True)",
        "OFTConfig(inference_mode=True, target_modules=['q_proj'])",
    ],
)
def test_nothing_is_trainable(config):
    assert run(f"{SCRIPT}model = get_peft_model(model, {config})", names_of).value() == []


@pytest.mark.parametrize(
    "code",
    [
        "model.add_adapter(LoraConfig(inference_mode=True))",
        "model = get_peft_model(model, LoraConfig(inference_mode=True))\n"
        "model.set_adapter('default')",
        "model = get_peft_model(model, PromptTuningConfig(task_type='CAUSAL_LM', "
        "num_virtual_tokens=8, inference_mode=True))",
    ],
)
def test_look_alikes_are_trainable(code):
    assert run(SCRIPT + code, names_of).value()


def names_of(names):
    return trainable(names["model"])


def trained(names):
    return largest(names["trainer"].model)
