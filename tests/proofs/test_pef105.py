"""PEF105: PEFT's load_adapter and add_weighted_adapter leave the active adapter as it is."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

LOADED = """
from peft import PeftMixedModel, PeftModel
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
model = PeftModel.from_pretrained(base, "my-adapter")
model.load_adapter("my-other-adapter", adapter_name="other")
"""
NATIVE = """
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("base-model")
model.load_adapter("my-adapter", adapter_name="first")
model.load_adapter("my-other-adapter", adapter_name="second")
"""
MIX = 'model.add_weighted_adapter(["default", "other"], [0.5, 0.5], "mix", "linear")\n'


def proof(example, use_instead):
    """The example answers exactly as the first adapter; the fixed text as the second."""
    first, second = run(example, distances).value()
    assert first == 0
    assert second > 0.1
    first, second = run(use_instead, distances).value()
    assert first > 0.1
    assert second == 0


@pytest.mark.parametrize("code", ["", MIX, MIX + "model = model.merge_and_unload()"])
def test_what_is_not_activated_has_no_effect(code):
    first, second = run(LOADED + code, distances).value()
    assert first < 1e-4
    assert second > 0.1


def test_a_mixed_model_activates_no_more():
    code = LOADED.replace("= PeftModel", "= PeftMixedModel")
    assert run(code, distances).value()[0] == 0


def test_an_attribute_does_not_activate():
    assert run(LOADED + "model.active_adapter = 'other'", distances).value()[0] == 0


@pytest.mark.parametrize(
    "code",
    [
        "model.set_adapter('other')",
        "model.base_model.set_adapter('other')",
        "model.delete_adapter('default')",
        "model = model.merge_and_unload(adapter_names=['other'])",
        "model.load_adapter('my-other-adapter', adapter_name='default')",
    ],
)
def test_these_let_the_model_answer_with_the_other_adapter(code):
    first, second = run(LOADED + code, distances).value()
    assert first > 0.1
    assert second < 1e-4


def test_an_activated_mix_is_what_is_merged():
    code = LOADED + MIX + "model.set_adapter('mix'); model = model.merge_and_unload()"
    assert min(run(code, distances).value()) > 0.1


def test_transformers_own_load_adapter_activates():
    assert run(NATIVE, distances).value()[1] == 0


def distances(names):
    """Return how far the model's answers are from those of each adapter alone."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    answers = logits(names["model"].eval())
    results = []
    for name in ("my-adapter", "my-other-adapter"):
        base = AutoModelForCausalLM.from_pretrained("base-model")
        results.append(difference(answers, logits(PeftModel.from_pretrained(base, name))))
    return results
