"""PEF115: the methods of the library `adapters` are no methods of models with PEFT's adapters."""

import pytest

from peft_lint.interpreter.objects import Handle
from peft_lint.library import adapters
from peft_lint.library.registry import METHODS
from tests.proofs.harness import run

FOREIGN = [name for (kind, name), model in METHODS.items() if model is adapters.call_foreign]
IMPORTS = """
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
MODELS = [
    "model = get_peft_model(base, LoraConfig())",
    "model = get_peft_model(base, LoraConfig()).base_model",
    "model = get_peft_model(base, LoraConfig(), mixed=True)",
    "model = base; base.add_adapter(LoraConfig())",
]


def proof(example, use_instead):
    """The example raises; in the fixed text the second adapter is active."""
    outcome = run(example)
    assert outcome.exception.startswith("AttributeError")
    assert "set_active_adapters" in outcome.exception
    assert run(use_instead, active).value() == ["second"]


@pytest.mark.parametrize("model", MODELS)
def test_no_model_has_any_of_them(model):
    assert len(FOREIGN) == 38
    assert (Handle, "train_adapter") in METHODS
    assert run(f"{IMPORTS}{model}\nnames = {FOREIGN}", present).value() == []


def active(names):
    return names["active"]


def present(names):
    return [name for name in names["names"] if hasattr(names["model"], name)]
