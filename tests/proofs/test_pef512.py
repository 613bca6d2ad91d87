"""PEF512: the base keeps what is merged into it, and the next adapter comes on top of it."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

IMPORTS = """
import copy
from peft import PeftModel
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
for name in ("my-adapter", "my-other-adapter"):
"""


def proof(example, use_instead):
    """The second model that the example saves is not that of its adapter; the fixed text's is."""
    assert run(example, saved).value() > 0.1
    assert run(use_instead, saved).value() < 1e-3


@pytest.mark.parametrize(
    "body",
    [
        "model = PeftModel.from_pretrained(base, name).merge_and_unload()",
        "model = PeftModel.from_pretrained(base, name); model.merge_adapter()",
    ],
)
def test_the_second_model_has_both(body):
    assert run(IMPORTS + "    " + body, of_the_second).value() > 0.1


@pytest.mark.parametrize(
    "body",
    [
        "model = PeftModel.from_pretrained(copy.deepcopy(base), name).merge_and_unload()",
        "model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained('base-model'), name)\n"
        "    model = model.merge_and_unload()",
        "model = PeftModel.from_pretrained(base, name); model.merge_adapter()\n"
        "    if name == 'my-adapter': model.unmerge_adapter(); model.unload()",
    ],
)
def test_a_base_as_it_was_gives_the_second_alone(body):
    assert run(IMPORTS + "    " + body, of_the_second).value() < 1e-3


def test_the_merged_model_is_the_base_itself():
    code = IMPORTS + "    model = PeftModel.from_pretrained(base, name).merge_and_unload()"
    assert run(code, is_the_base).value() is True


def is_the_base(names):
    return names["model"] is names["base"]


def saved(names):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained("merged/my-other-adapter")
    return of_the_second({**names, "model": model})


def of_the_second(names):
    """Return how far the model's outputs are from those of the base and the second adapter."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    fresh = AutoModelForCausalLM.from_pretrained("base-model")
    right = PeftModel.from_pretrained(fresh, "my-other-adapter")
    return difference(logits(right), logits(names["model"].eval()))
