"""PEF507: an adapter that began as a random split of the base does not fit the next split."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

SETUP = """
import copy, torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM
def build():
    return AutoModelForCausalLM.from_pretrained("base-model")
def wrap(init):
    config = LoraConfig(task_type="CAUSAL_LM", r=4, init_lora_weights=init)
    return get_peft_model(build(), config)
def train(model):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.add_(0.05 * torch.randn_like(parameter))
"""


def proof(example, use_instead):
    """Loaded again, the example's adapter gives other outputs; the fixed text's the same."""
    assert run(example, reload_distance).value() > 0.01
    assert run(use_instead, reload_distance).value() == 0


@pytest.mark.parametrize("rounds", [4, 16])
def test_a_trained_adapter_does_not_fit_either(rounds):
    code = f"model = wrap('pissa_niter_{rounds}'); train(model)\nmodel.save_pretrained('saved')"
    assert run(SETUP + code, reload_distance).value() > 0.01


@pytest.mark.parametrize("init", ["pissa", "olora", "gaussian", True])
def test_exact_starts_are_repeated_by_a_load(init):
    code = f"model = wrap({init!r}); train(model)\nmodel.save_pretrained('saved')"
    assert run(SETUP + code, reload_distance).value() == 0


def test_a_converted_adapter_fits_the_base_on_disk():
    code = """
model = wrap("pissa_niter_4")
model.save_pretrained("first")
train(model)
model.save_pretrained("saved", path_initial_model_for_weight_conversion="first")
"""
    assert run(SETUP + code, loaded_distance).value() < 1e-4


def test_a_merged_model_holds_all_there_is():
    code = """
model = wrap("pissa_niter_4")
train(model)
copy.deepcopy(model).merge_and_unload().save_pretrained("merged")
again = AutoModelForCausalLM.from_pretrained("merged")
"""
    assert run(SETUP + code, between).value() < 1e-3


def test_the_same_seed_splits_in_the_same_way():
    code = """
base = build()
torch.manual_seed(99)
config = LoraConfig(task_type="CAUSAL_LM", r=4, init_lora_weights="pissa_niter_4")
model = get_peft_model(base, config)
train(model)
model.save_pretrained("saved")
"""
    assert run(SETUP + code, loaded_distance).value() == 0


def reload_distance(names):
    names["model"].save_pretrained("saved")
    return loaded_distance(names)


def loaded_distance(names):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained("base-model")
    torch.manual_seed(99)
    names["again"] = PeftModel.from_pretrained(base, "saved")
    return between(names)


def between(names):
    return difference(logits(names["model"].eval()), logits(names["again"].eval()))
