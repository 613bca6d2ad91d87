"""PEF420: what is unfrozen by hand is trained, and not saved with the adapter."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits
from tests.proofs.harness.training import LOUD, SETUP, watch

WRAP = """
model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj"], {}))
"""
SAVE = 'model.save_pretrained("saved")\n'


def proof(example, use_instead):
    """The loaded model is not the trained one; with the head in the adapter's hands it is."""
    assert run(example, distance_after_loading).value() > 0.01
    assert run(use_instead, distance_after_loading).value() < 1e-5


@pytest.mark.parametrize(
    ("part", "saved"),
    [
        ("lm_head", "lm_head"),
        ("base_model.model.model.norm", "norm"),
    ],
)
def test_a_part_is_saved_only_where_the_config_names_it(part, saved):
    unfreeze = f"model.{part}.requires_grad_(True)\n"
    for option, lost in (("", True), (f"modules_to_save=['{saved}']", False)):
        code = SETUP + WRAP.format(option) + unfreeze + LOUD + SAVE
        assert (run(code, distance_after_loading, prepare=watch).value() > 0.01) == lost


def test_unfrozen_before_the_wrap_it_is_frozen_again():
    code = f"{SETUP}base.lm_head.requires_grad_(True)\n" + WRAP.format("") + LOUD + SAVE
    assert run(code, distance_after_loading, prepare=watch).value() < 1e-5


def test_resized_embeddings_are_saved_without_being_named():
    code = f"{SETUP}base.resize_token_embeddings(162)\n" + WRAP.format("")
    code += "model.lm_head.requires_grad_(True)\n" + LOUD + SAVE
    assert run(code, resized_distance, prepare=watch).value() < 1e-5


def distance_after_loading(names, size=None):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained("base-model")
    base.resize_token_embeddings(size)
    loaded = PeftModel.from_pretrained(base, "saved")
    return difference(logits(names["model"].eval()), logits(loaded.eval()))


def resized_distance(names):
    return distance_after_loading(names, 162)
