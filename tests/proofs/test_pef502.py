"""PEF502: a merge into 4- or 8-bit weights is rounded, one into bfloat16 hardly."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

CODE = """
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, BitsAndBytesConfig
how = {how}
base = AutoModelForCausalLM.from_pretrained("base-model", **how)
model = PeftModel.from_pretrained(base, "my-adapter")
merged = model.merge_and_unload()
"""
FOUR = '{"quantization_config": BitsAndBytesConfig(load_in_4bit=True)}'
EIGHT = '{"quantization_config": BitsAndBytesConfig(load_in_8bit=True)}'
FULL = '{"dtype": torch.float32}'


def proof(example, use_instead):
    """Merging changes the answers in 4 bits, many times more than in bfloat16."""
    rounded, effect = run(example, changes).value()
    precise, _ = run(use_instead, changes).value()
    assert rounded > 0.03 * effect
    assert rounded > 3 * precise


@pytest.mark.parametrize(
    ("how", "low", "high"), [(FOUR, 0.03, 1), (EIGHT, 1e-3, 1), (FULL, 0, 1e-4)]
)
def test_how_much_a_merge_changes_the_answers(how, low, high):
    rounded, effect = run(CODE.replace("{how}", how), changes).value()
    assert low <= rounded / effect < high


def test_the_merged_model_stays_quantised_and_peft_warns():
    outcome = run(CODE.replace("{how}", FOUR), kinds)
    assert "Linear4bit" in outcome.value()
    assert "rounding errors" in outcome.stderr


def test_a_dequantised_base_is_not_rounded():
    code = CODE.replace("model = Peft", "base = base.dequantize()\nmodel = Peft")
    rounded, effect = run(code.replace("{how}", FOUR), changes_from_dequantised).value()
    assert rounded < 0.01 * effect


def changes(names, dequantise=False):
    """Return how far the merge is from the adapter on the same base, and what that does."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained("base-model", **names["how"])
    if dequantise:
        base = base.dequantize()
    plain = answers(base)
    unmerged = answers(PeftModel.from_pretrained(base, "my-adapter"))
    return [difference(answers(names["merged"]), unmerged), difference(unmerged, plain)]


def changes_from_dequantised(names):
    return changes(names, dequantise=True)


def answers(model):
    for module in model.modules():
        if type(module).__module__.startswith("bitsandbytes"):
            # In eval mode some processors use a layout that these small layers do not fit.
            module.training = True
    return logits(model).float()


def kinds(names):
    return sorted({type(module).__name__ for module in names["merged"].modules()})
