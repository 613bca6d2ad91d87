"""PEF305: PEFT matches a text with whole names of modules, and a list with their ends."""

import pytest

from tests.proofs.harness import run

CODE = """
from peft import *
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("base-model")
model = get_peft_model(model, {config}(target_modules={targets!r}{more}))
"""
ATTENTION = ["q_proj", "v_proj"]
NOTHING = [
    *("q_proj", "q_proj,v_proj", "q_proj, v_proj", "q_proj v_proj", "q_proj|v_proj"),
    *("(q_proj|v_proj)", "^q_proj$", "^(?:q_proj|v_proj)$", "all_linear", "all linear"),
    *("All-Linears", "self_attn.q_proj"),
    *(["all-linear"], ["q_proj,v_proj"], ["q_proj, v_proj"], ["q_proj "], [".*q_proj"]),
    *([".*\\.q_proj", "v_.*"], ["*_proj"], ["q_proj.weight"], ["q_proj|v_proj"], ("all_linear",)),
]
PARTLY = [
    (["q_proj", ".*v_proj"], ["q_proj"]),
    (["q_proj", "v_proj.weight"], ["q_proj"]),
    (["q_proj, v_proj", "o_proj"], ["o_proj"]),
    (["q_proj", "all-linear"], ["q_proj"]),
    (".*q_proj|v_proj", ["q_proj"]),
    (".*\\.q_proj|v_proj", ["q_proj"]),
    ("q_proj|.*v_proj", ["v_proj"]),
]
RIGHT = [
    (ATTENTION, ATTENTION),
    (".*(q_proj|v_proj)", ATTENTION),
    (".*q_proj|.*v_proj", ATTENTION),
    ("model.layers.0.self_attn.q_proj", ["q_proj"]),
    ("lm_head", ["lm_head"]),
    ("q_proj|lm_head", ["lm_head"]),
]
CONFIGS = {
    "LoHaConfig": "",
    "LoKrConfig": "",
    "IA3Config": ", feedforward_modules=[]",
    "VeraConfig": "",
    "HRAConfig": "",
    "LNTuningConfig": "",
    "AdaLoraConfig": ", total_step=9",
}


def proof(example, use_instead):
    """No module is called so; with a list both have an adapter."""
    outcome = run(example)
    assert "NoMatching" in outcome.exception or outcome.exception.startswith("ValueError")
    assert "not found in the base model" in outcome.exception
    assert run(use_instead, adapted).value() == ATTENTION


def adapted(names):
    found = (n for n, module in names["model"].named_modules() if hasattr(module, "lora_A"))
    return sorted({name.rpartition(".")[2] for name in found})


def attempt(targets, config="LoraConfig", more=""):
    return run(CODE.format(config=config, targets=targets, more=more), adapted)


@pytest.mark.parametrize("targets", NOTHING, ids=repr)
def test_what_matches_nothing(targets):
    assert "not found in the base model" in attempt(targets).exception


@pytest.mark.parametrize(("targets", "found"), [*PARTLY, *RIGHT], ids=repr)
def test_what_matches_without_a_word(targets, found):
    outcome = attempt(targets)
    assert outcome.value() == found
    assert "proj" not in outcome.stderr


def test_all_linear_in_any_case():
    assert attempt("All-Linear").value() == attempt("all-linear").value() != []


@pytest.mark.parametrize("text", ["*_proj", "*.q_proj"])
def test_what_is_no_pattern(text):
    assert "nothing to repeat" in attempt(text).exception


@pytest.mark.parametrize("targets", ["q_proj", "q_proj,v_proj", ["all-linear"], [".*q_proj"]])
@pytest.mark.parametrize("config", CONFIGS)
def test_other_methods(config, targets):
    outcome = attempt(targets, config, CONFIGS[config])
    assert "not found" in outcome.exception or "No layers types" in outcome.exception


def test_with_weights_to_adapt_nothing_is_refused():
    assert attempt(["q_proj.weight"], more=", target_parameters=['q_proj.weight']").exception == ""


@pytest.mark.parametrize(("text", "found"), [("q_proj", ["q_proj"]), ("q_proj|v_proj", ATTENTION)])
def test_modules_that_no_other_is_around(text, found):
    code = """
import torch
from peft import LoraConfig, get_peft_model
layers = {"q_proj": torch.nn.Linear(4, 4), "v_proj": torch.nn.Linear(4, 4)}
model = get_peft_model(torch.nn.ModuleDict(layers), LoraConfig(target_modules="%s"))
"""
    assert run(code % text, adapted).value() == found
