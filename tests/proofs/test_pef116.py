"""PEF116: a named adapter lies in a folder of its own, and a name has no dot."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

SAVED = """
import os
from peft import *
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
again = AutoModelForCausalLM.from_pretrained("base-model")
config = LoraConfig(task_type="CAUSAL_LM", init_lora_weights=False)
model = get_peft_model(base, config, adapter_name="math")
model.save_pretrained("saved")
"""
LOST = "ValueError: Can't find 'adapter_config.json' at 'saved'"


def proof(example, use_instead):
    """The example raises; what the fixed text loads has the weights that were saved."""
    assert run(example).exception == LOST
    assert run(use_instead, target).value() == 1


@pytest.mark.parametrize(
    "load",
    [
        "PeftModel.from_pretrained(again, 'saved')",
        "PeftModel.from_pretrained(again, 'saved', adapter_name='math')",
        "AutoPeftModelForCausalLM.from_pretrained('saved')",
        "get_peft_model(again, config).load_adapter('saved', 'math')",
    ],
)
def test_the_folder_above_cannot_be_loaded(load):
    assert run(SAVED + load).exception == LOST


def test_transformers_own_method_cannot_load_it_either():
    assert run(SAVED + "again.load_adapter('saved')").exception.startswith("ValueError")


@pytest.mark.parametrize(
    "load",
    [
        "PeftModel.from_pretrained(again, 'saved/math')",
        "PeftModel.from_pretrained(again, 'saved', subfolder='math')",
    ],
)
def test_the_folder_of_the_name_can(load):
    assert run(f"{SAVED}loaded = {load}", distance).value() == 0


@pytest.mark.parametrize(
    "make",
    [
        "get_peft_model(again, config, adapter_name='a.b')",
        "get_peft_model(again, config).add_adapter('a.b', config)",
        "get_peft_model(again, IA3Config(), adapter_name='a.b')",
        "get_peft_model(again, config, adapter_name='a.b', mixed=True)",
        "PeftModel.from_pretrained(again, 'my-adapter', adapter_name='a.b')",
        "get_peft_model(again, config).load_adapter('my-adapter', 'a.b')",
        "again.load_adapter('my-adapter', adapter_name='a.b')",
        "get_peft_model(again, config).add_weighted_adapter(['default'], [1.0], 'a.b')",
    ],
)
def test_a_name_with_a_dot_raises(make):
    exception = run(SAVED + make).exception
    assert exception.startswith("KeyError")
    assert "can\\'t contain" in exception or "can't contain" in exception


@pytest.mark.parametrize(
    "call", ["get_peft_model_state_dict(model)", "set_peft_model_state_dict(model, {})"]
)
def test_functions_are_about_the_default_adapter(call):
    assert run(SAVED + call).exception == "KeyError: 'default'"


def target(names):
    from peft import load_peft_weights

    saved = load_peft_weights("saved/math")
    loaded = names["model"].state_dict()
    same = (loaded[k.replace(".weight", ".default.weight")] == v for k, v in saved.items())
    return float(all(bool(one.all()) for one in same))


def distance(names):
    return difference(logits(names["model"].eval()), logits(names["loaded"].eval()))
