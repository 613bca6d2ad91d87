"""PEF321: with the first two arguments the wrong way round these calls raise."""

import pytest

from tests.proofs.harness import run

SCRIPT = """
from peft import LoraConfig, PeftModel, get_peft_model, inject_adapter_in_model
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
config = LoraConfig(target_modules=["q_proj"])
adapter = "my-adapter"
"""


def proof(example, use_instead):
    """The example raises, the fixed text makes a PeftModel."""
    assert run(example).exception.startswith("AttributeError")
    assert run(use_instead, kind).value() == "PeftModelForCausalLM"


@pytest.mark.parametrize(
    ("call", "one", "two"),
    [
        ("model = PeftModel.from_pretrained({}, {})", "base", "adapter"),
        ("model = PeftModel({}, {})", "base", "config"),
        ("model = inject_adapter_in_model({}, {})", "config", "base"),
        ("base.add_adapter({}, {})", "config", "'other'"),
        ("model = get_peft_model(base, config); model.add_adapter({}, {})", "'other'", "config"),
    ],
)
def test_only_one_order_works(call, one, two):
    assert not run(SCRIPT + call.format(one, two)).exception
    error = run(SCRIPT + call.format(two, one)).exception
    assert error.startswith(("AttributeError", "TypeError"))


def kind(names):
    return type(names["model"]).__name__
