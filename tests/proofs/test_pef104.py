"""PEF104: an adapter's weights have no adapter name, so that a lenient load takes none of them."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, distance_to_base, largest, logits

pytestmark = pytest.mark.stack
OLDER = "peft-0.19"
IMPORTS = """
import torch
from peft import *
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
from tests.proofs.harness.checkpoints import make_trained
def base(): return AutoModelForCausalLM.from_pretrained("base-model")
def built(name="default"):
    return get_peft_model(base(), LoraConfig(task_type="CAUSAL_LM"), adapter_name=name)
trained = built(); make_trained(trained); trained.eval()
trained.save_pretrained("saved")
model = built().eval()
"""
ADAPTER = [
    'load_file("saved/adapter_model.safetensors")',
    'load_peft_weights("saved")',
    "get_peft_model_state_dict(trained)",
    "(torch.save(get_peft_model_state_dict(trained), 'a.pt'), torch.load('a.pt'))[1]",
]
OWN = [
    "trained.state_dict()",
    "{k: v for k, v in trained.state_dict().items() if 'lora_' in k}",
    "{k: p for k, p in trained.named_parameters() if 'lora_' in k}",
]
METHODS = ["IA3Config", "LoHaConfig", "VeraConfig", "PrefixTuningConfig", "AdaLoraConfig"]


def proof(example, use_instead):
    """After the example the model is its base; after the fixed text it is the trained one."""
    for stack in (OLDER, "installed"):
        assert run(example, weights_and_base, stack=stack).value() == [0, 0]
        largest_b, from_base = run(use_instead, weights_and_base, stack=stack).value()
        assert largest_b > 0.1 and from_base > 0.1
    trained = run(use_instead, distance_to_saved_adapter).value()
    assert trained == 0


@pytest.mark.parametrize("weights", ADAPTER)
def test_no_name_of_an_adapters_weights_is_known_to_a_model(weights):
    for receiver in ("model", "model.base_model", "model.get_base_model()", "base()"):
        code = f"result = {receiver}.load_state_dict({weights}, strict=False)\nn = len({weights})"
        assert run(IMPORTS + code, unexpected).value() == [8, 8, 0], receiver


@pytest.mark.parametrize("weights", ADAPTER)
def test_the_function_of_peft_loads_them(weights):
    code = f"set_peft_model_state_dict(model, {weights})"
    assert run(IMPORTS + code, distance_to_trained).value() == 0


@pytest.mark.parametrize("weights", OWN)
def test_what_the_same_wrapper_gives_is_loaded(weights):
    code = f"result = model.load_state_dict({weights}, strict=False)"
    assert run(IMPORTS + code, distance_to_trained).value() == 0


def test_strict_raises():
    code = 'model.load_state_dict(load_file("saved/adapter_model.safetensors"))'
    assert run(IMPORTS + code).exception.startswith("RuntimeError: Error(s) in loading state_dict")


def test_an_adapter_of_another_name_needs_its_name():
    code = 'model = built("style").eval()\nweights = load_file("saved/adapter_model.safetensors")\n'
    named = 'set_peft_model_state_dict(model, weights, adapter_name="style")'
    assert run(IMPORTS + code + named, distance_to_trained).value() == 0
    unnamed = run(IMPORTS + code + "set_peft_model_state_dict(model, weights)")
    assert unnamed.exception.startswith("KeyError")


@pytest.mark.parametrize("method", METHODS)
def test_no_method_keeps_its_names(method):
    extra = {"PrefixTuningConfig": "num_virtual_tokens=4, ", "AdaLoraConfig": "total_step=9, "}
    config = f"{method}({extra.get(method, '')}task_type='CAUSAL_LM')"
    code = f"""
model = get_peft_model(base(), {config})
model.save_pretrained("other")
weights = load_peft_weights("other")
result, n = model.load_state_dict(weights, strict=False), len(weights)
"""
    unknown, count, _ = run(IMPORTS + code, unexpected).value()
    assert 0 < count == unknown


def test_a_head_beside_the_adapter_is_not_loaded_either():
    code = """
model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS"))
weights = load_file("my-bert-adapter/adapter_model.safetensors")
result, n = model.load_state_dict(weights, strict=False), len(weights)
"""
    unknown, count, largest_b = run(IMPORTS + code, unexpected).value()
    assert unknown == count > 8
    assert largest_b == 0


def test_the_check_of_an_info_finds_what_did_not_match():
    code = 'result = model.load_state_dict(load_peft_weights("saved"), strict=False)\n'
    check = "assert not result.unexpected_keys, result.unexpected_keys"
    assert run(IMPORTS + code + check).exception.startswith("AssertionError")
    own = "result = model.load_state_dict(trained.state_dict(), strict=False)\n"
    run(IMPORTS + own + check).value()


def weights_and_base(names):
    return [largest(names["model"]), distance_to_base(names["model"])]


def unexpected(names):
    weights = [p for k, p in names["model"].named_parameters() if "lora_B" in k]
    largest_b = max((float(p.abs().max()) for p in weights), default=0)
    return [len(names["result"].unexpected_keys), names["n"], largest_b]


def distance_to_trained(names):
    return difference(logits(names["model"]), logits(names["trained"]))


def distance_to_saved_adapter(names):
    import peft
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained("base-model")
    wanted = peft.PeftModel.from_pretrained(base, "my-adapter")
    return difference(logits(names["model"]), logits(wanted))
