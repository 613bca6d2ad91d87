"""PEF109: a PeftModel class that is called with a path raises; `from_pretrained` loads."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, largest, logits

BASE = """
from peft import *
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
"""


def proof(example, use_instead):
    """The example raises; the fixed text answers as the trained adapter does."""
    assert run(example).exception == "AttributeError: 'str' object has no attribute 'peft_type'"
    assert run(use_instead, distance_to_adapter).value() == 0


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("PeftModelForCausalLM(base, peft_config='my-adapter')", "AttributeError"),
        ("PeftMixedModel(base, 'my-adapter')", "AttributeError"),
        ("PeftModel(base, model_id='my-adapter')", "TypeError"),
        ("AutoPeftModelForCausalLM('my-adapter')", "OSError"),
        ("AutoPeftModel('my-adapter')", "OSError"),
    ],
)
def test_each_such_call_raises(call, error):
    assert run(BASE + call).exception.startswith(error)


def test_a_config_makes_a_fresh_adapter_and_raises_nothing():
    code = BASE + 'model = PeftModel(base, PeftConfig.from_pretrained("my-adapter"))'
    assert run(code, fresh).value() == 0


def fresh(names):
    return largest(names["model"])


def distance_to_adapter(names):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained("base-model")
    right = PeftModel.from_pretrained(base, "my-adapter")
    return difference(logits(names["model"]), logits(right))
