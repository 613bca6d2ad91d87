"""PEF319: what a BitsAndBytesConfig with a wrong key, a wrong value or no load really does."""

import pytest

from tests.proofs.harness import run

SCRIPT = """
import torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig
config = BitsAndBytesConfig({})
model = AutoModelForCausalLM.from_pretrained("base-model", quantization_config=config)
"""
FOUR = {"layer": "Linear4bit", "type": "fp4", "nested": False, "dtype": "torch.float32"}


def proof(example, use_instead):
    """The example's layers have four bits, those of the fixed text the eight it asks for."""
    assert run(example, layer).value()["layer"] == "Linear4bit"
    assert run(use_instead, layer).value()["layer"] == "Linear8bitLt"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "load_in_4bit=False",
        "load_in_8bit=False",
        "load_in_4bit=False, load_in_8bit=False",
        "load_8bit=True",
        "load_in_8_bit=True",
        "load_in_4bits=True",
        "load_in_4bit=True, bnb_4bit_use_double_quantization=True",
        "load_in_4bit=True, double_quant=True",
        "load_in_4bit=True, use_nested_quant=True",
        "load_in_4bit=True, quant_type='nf4'",
        "load_in_4bit=True, bnb_4bit_quant_dtype='nf4'",
        "load_in_4bit=True, compute_dtype=torch.float16",
        "load_in_4bit=True, bnb_4bit_compute_type=torch.float16",
    ],
)
def test_these_give_plain_four_bits(given):
    assert run(SCRIPT.format(given), layer).value() == FOUR


@pytest.mark.parametrize(
    ("given", "change"),
    [
        ("bnb_4bit_use_double_quant=True", {"nested": True}),
        ("bnb_4bit_quant_type='nf4'", {"type": "nf4"}),
        ("bnb_4bit_compute_dtype='float16'", {"dtype": "torch.float16"}),
        ("bnb_4bit_compute_dtype=torch.float16", {"dtype": "torch.float16"}),
    ],
)
def test_the_right_names_have_their_effect(given, change):
    outcome = run(SCRIPT.format(f"load_in_4bit=True, {given}"), layer)
    assert outcome.value() == FOUR | change


@pytest.mark.parametrize(
    "given",
    [
        "bnb_4bit_compute_dtype='torch.float16'",
        "bnb_4bit_compute_dtype='bf16'",
        "bnb_4bit_quant_storage='torch.uint8'",
        "bnb_4bit_quant_type='NF4'",
        "bnb_4bit_quant_type='int4'",
    ],
)
def test_these_values_raise(given):
    outcome = run(SCRIPT.format(f"load_in_4bit=True, {given}"), layer)
    assert outcome.exception.startswith(("AttributeError", "ValueError", "RuntimeError"))


def layer(names):
    linear = (
        names["model"].get_submodule("model.layers.0.self_attn.q_proj")
        if (not hasattr(names["model"], "peft_config"))
        else names["model"].base_model.model.model.layers[0].self_attn.q_proj.base_layer
    )
    state = getattr(linear.weight, "quant_state", None)
    return {
        "layer": type(linear).__name__,
        "type": getattr(state, "quant_type", None),
        "nested": getattr(state, "nested", None),
        "dtype": str(getattr(linear, "compute_dtype", None)),
    }
