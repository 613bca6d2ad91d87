"""PEF110: the functions that load weights by name return names, not the model."""

import pytest

from tests.proofs.harness import run

MODEL = """
from peft import LoraConfig, get_peft_model, load_peft_weights, set_peft_model_state_dict
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM"))
weights = load_peft_weights("my-adapter")
"""


def proof(example, use_instead):
    """The example's model is a list of names, which has no method of a model."""
    outcome = run(example)
    assert outcome.exception.startswith("AttributeError: '_IncompatibleKeys' object")
    assert run(use_instead, ones).value() == 1


@pytest.mark.parametrize(
    "call",
    [
        "set_peft_model_state_dict(model, weights)",
        "model.load_state_dict(model.state_dict())",
        "model.load_state_dict({}, strict=False)",
        "model.base_model.load_state_dict({}, strict=False)",
        "base.load_state_dict({}, strict=False)",
    ],
)
def test_the_result_is_a_list_of_names(call):
    assert run(MODEL + f"result = {call}", kind).value() == ["_IncompatibleKeys", True]


def test_the_weights_are_loaded_in_place():
    assert run(MODEL + "set_peft_model_state_dict(model, weights)", loaded).value() is True


def kind(names):
    from peft import PeftModel

    return [type(names["result"]).__name__, isinstance(names["model"], PeftModel)]


def loaded(names):
    from peft import get_peft_model_state_dict

    now = get_peft_model_state_dict(names["model"])
    return all(bool((now[key] == value).all()) for key, value in names["weights"].items())


def ones(names):
    from peft import get_peft_model_state_dict

    (name,) = names["weights"]
    return float(get_peft_model_state_dict(names["model"])[name].mean())
