"""PEF506: the names of a wrapper's weights are none of the model inside."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

SETUP = """
import os, torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForCausalLM
def build():
    return AutoModelForCausalLM.from_pretrained("base-model")
model = PeftModel.from_pretrained(build(), "my-adapter")
fresh = get_peft_model(build(), LoraConfig(r=8, lora_alpha=16, task_type="CAUSAL_LM"))
fresh.eval()
"""
DDP = """
group = "file://" + os.path.abspath("group")
torch.distributed.init_process_group("gloo", init_method=group, rank=0, world_size=1)
wrapper = torch.nn.parallel.DistributedDataParallel(model)
"""
WRAPPERS = [
    "wrapper = torch.compile(model)\n",
    "wrapper = torch.nn.DataParallel(model)\n",
    DDP.replace("model)", "PeftModel.from_pretrained(build(), 'my-adapter', is_trainable=True))"),
]


def proof(example, use_instead):
    """The adapter of the example changes nothing where it is loaded; the fixed text's does."""
    from_base, from_saved = run(train(example), loaded).value()
    assert from_base == 0 and from_saved > 0.01
    from_base, from_saved = run(train(use_instead), loaded).value()
    assert from_base > 0.01 and from_saved == 0


def train(text):
    """Give the adapter an effect before it is saved."""
    first = "from tests.proofs.harness.checkpoints import make_trained\n"
    return first + text.replace("torch.save", "make_trained(model)\ntorch.save")


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_the_model_inside_refuses_a_wrapper_s_weights(wrapper):
    code = SETUP + wrapper + "torch.save(wrapper.state_dict(), 'f')\n"
    refused = run(code + "fresh.load_state_dict(torch.load('f'))")
    assert refused.exception.startswith("RuntimeError: Error(s) in loading state_dict")
    lenient = run(code + "fresh.load_state_dict(torch.load('f'), strict=False)", between)
    assert lenient.value() > 0.01


@pytest.mark.parametrize(
    "code",
    [
        "wrapper = torch.compile(model)\ntorch.save(wrapper._orig_mod.state_dict(), 'f')",
        "model.compile()\ntorch.save(model.state_dict(), 'f')",
        "torch.compile(model)\ntorch.save(model.state_dict(), 'f')",
        "torch.save(torch.nn.DataParallel(model).module.state_dict(), 'f')",
        "torch.save(torch.compile(model).state_dict(), 'f')\nfresh = torch.compile(fresh)",
    ],
)
def test_look_alikes_are_loaded_exactly(code):
    assert run(SETUP + code + "\nfresh.load_state_dict(torch.load('f'))", same).value()


def test_a_compiled_model_saves_its_adapter_under_the_right_names():
    code = (
        "torch.compile(model).save_pretrained('d')\nfresh = PeftModel.from_pretrained(build(), 'd')"
    )
    assert run(SETUP + code, between).value() == 0


def test_one_keyword_gives_the_right_names():
    code = "wrapper = torch.compile(model)\n"
    code += "weights = get_peft_model_state_dict(wrapper, unwrap_compiled=True)\n"
    code += "assert list(weights) == list(get_peft_model_state_dict(model))"
    assert not run(SETUP + code).exception


def between(names):
    return difference(logits(names["model"].eval()), logits(names["fresh"].eval()))


def same(names):
    """Return whether both models have the same weights, without running compiled code."""
    import torch

    pairs = zip(*(names[name].state_dict().values() for name in ("model", "fresh")), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def loaded(names):
    """Load adapter.pt into a fresh adapter; return how far it is from the base and the saved."""
    import torch
    from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained("base-model")
    before = logits(base)
    again = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM")).eval()
    set_peft_model_state_dict(again, torch.load("adapter.pt"))
    saved = names["model"]._orig_mod.eval()
    return difference(logits(again), before), difference(logits(again), logits(saved))
