"""PEF510: the state dict of a PeftModel is its whole base, under names that only it knows."""

from pathlib import Path

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.checkpoints import make_trained
from tests.proofs.harness.measures import difference, logits

LOADED = """
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM
def build():
    return AutoModelForCausalLM.from_pretrained("base-model")
model = PeftModel.from_pretrained(build(), "my-adapter")
torch.save(model.state_dict(), "saved.pt")
"""


def proof(example, use_instead):
    """The file is the base and more, which no plain model loads; the fixed text's adapter is."""
    size, plain, lenient = run(example, of_file).value()
    assert size > 10 * run(use_instead, adapter_size).value()
    assert plain.startswith("RuntimeError: Error(s) in loading state_dict for LlamaForCausalLM")
    assert lenient == 0
    assert run(use_instead, reload_distance).value() == 0


def test_the_same_wrapper_loads_it_exactly():
    code = 'again = PeftModel.from_pretrained(build(), "my-adapter")\n'
    code += 'again.load_state_dict(torch.load("saved.pt"))'
    assert run(LOADED + code, between).value() == 0


@pytest.mark.parametrize("adapter", ["lora_A.default", "base_layer"])
def test_the_names_are_those_of_the_wrapper(adapter):
    outcome = run(LOADED, keys)
    assert any(adapter in key for key in outcome.value())
    assert all(key.startswith("base_model.model.") for key in outcome.value())


def test_a_pickled_model_is_refused_unless_its_code_may_run():
    code = LOADED + 'torch.save(model, "model.pt")\n'
    refused = run(code + 'again = torch.load("model.pt")')
    assert refused.exception.startswith("UnpicklingError: Weights only load failed")
    assert run(code + 'again = torch.load("model.pt", weights_only=False)', between).value() == 0


def test_other_weights_that_were_trained_are_not_in_the_adapter():
    code = """
model = get_peft_model(build(), LoraConfig(task_type="CAUSAL_LM"))
with torch.no_grad():
    model.base_model.model.model.norm.weight.mul_(2)
model.save_pretrained("adapter")
again = PeftModel.from_pretrained(build(), "adapter")
"""
    assert run(LOADED + code, between).value() > 0.01


def of_file(names):
    """Return the file's size, what a plain model says of it, and how much it changes one."""
    import torch
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained("base-model")
    before = {name: tensor.clone() for name, tensor in plain.state_dict().items()}
    weights = torch.load("saved.pt")
    make_trained(names["model"])
    try:
        plain.load_state_dict(weights)
        said = ""
    except RuntimeError as error:
        said = f"{type(error).__name__}: {error}"
    plain.load_state_dict(weights, strict=False)
    changed = [n for n, tensor in plain.state_dict().items() if not torch.equal(tensor, before[n])]
    return Path("saved.pt").stat().st_size, said, len(changed)


def adapter_size(names):
    return Path("saved/adapter_model.safetensors").stat().st_size


def reload_distance(names):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    make_trained(names["model"])
    names["model"].save_pretrained("saved")
    base = AutoModelForCausalLM.from_pretrained("base-model")
    names["again"] = PeftModel.from_pretrained(base, "saved")
    return between(names)


def between(names):
    return difference(logits(names["model"].eval()), logits(names["again"].eval()))


def keys(names):
    return list(names["model"].state_dict())
