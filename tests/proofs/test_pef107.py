"""PEF107: an adapter on a model that has it merged in counts twice; beside itself, once."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

IMPORTS = """
from peft import PeftModel
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
MERGED = 'merged = PeftModel.from_pretrained(base, "my-adapter").merge_and_unload()\n'
KEPT = 'model = PeftModel.from_pretrained(base, "my-adapter")\n'


def proof(example, use_instead):
    """The example is far from the adapter's outputs; the fixed text gives them."""
    assert run(example, from_the_adapter).value() > 0.1
    assert run(use_instead, from_the_adapter).value() < 1e-3


@pytest.mark.parametrize(
    "code",
    [
        MERGED + 'model = PeftModel.from_pretrained(base, "my-adapter")',
        MERGED + 'model = merged; model.load_adapter("my-adapter")',
        KEPT + 'model.merge_adapter(); model = PeftModel.from_pretrained(base, "my-adapter")',
        KEPT + "model.merge_adapter(); base = model.unload()\n" + KEPT,
    ],
)
def test_merged_in_and_put_on_top_counts_twice(code):
    assert run(IMPORTS + code, from_the_adapter).value() > 0.1


@pytest.mark.parametrize(
    "code",
    [
        "import copy\nbase, first = copy.deepcopy(base), base\n" + MERGED + "base = first\n" + KEPT,
        KEPT + "base = model.unload()\n" + KEPT,
        KEPT + "model.merge_adapter(); model.unmerge_adapter(); base = model.unload()\n" + KEPT,
        KEPT + 'model.merge_adapter(); model.load_adapter("my-adapter", "default")',
    ],
)
def test_a_base_that_is_as_it_was_takes_the_adapter_once(code):
    assert run(IMPORTS + code, from_the_adapter).value() < 1e-3


def test_only_active_adapters_are_merged():
    code = """
model = PeftModel.from_pretrained(base, "my-adapter", adapter_name="one")
model.load_adapter("my-other-adapter", adapter_name="two")
model.set_adapter("two")
merged = model.merge_and_unload()
"""
    assert run(IMPORTS + code + "model = merged", from_the_adapter).value() > 0.1
    other = 'model = PeftModel.from_pretrained(base, "my-other-adapter")'
    alone = run(IMPORTS + code + "model = merged", outputs).value()
    assert difference_of(alone, run(IMPORTS + other, outputs).value()) < 1e-3


def test_an_adapter_replaces_itself_where_it_is_beside_the_base():
    code = """
from peft import PeftModel
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("my-adapter")
assert model.active_adapters() == ["default"]
model = PeftModel.from_pretrained(model, "my-adapter")
"""
    assert run(code, from_the_adapter).value() == 0


def from_the_adapter(names):
    """Return how far the model's outputs are from those of base and adapter."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained("base-model")
    right = PeftModel.from_pretrained(base, "my-adapter")
    return difference(logits(right), logits(names["model"].eval()))


def outputs(names):
    return logits(names["model"].eval()).flatten().tolist()


def difference_of(one, two):
    return max(abs(left - right) for left, right in zip(one, two, strict=True))
