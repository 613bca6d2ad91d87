"""PEF306: PEFT refuses a list of targets of which the model has no module."""

from importlib.metadata import version

import pytest

from peft_lint import knowledge
from peft_lint.knowledge.modules import has_module
from tests.proofs.harness import run

INSTALLED = version("transformers")
NAMES = (
    *("q_proj", "k_proj", "v_proj", "o_proj", "out_proj", "gate_proj", "up_proj", "down_proj"),
    *("c_attn", "c_proj", "c_fc", "query_key_value", "query", "key", "value", "dense", "qkv_proj"),
    *("q", "k", "v", "o", "wi", "wo", "wi_0", "wi_1", "fc1", "fc2", "q_lin", "v_lin", "lin1"),
    *("self_attn", "attn", "mlp", "embed_tokens", "wte", "lm_head", "score", "classifier"),
    *("query_proj", "value_proj", "Wqkv", "in_proj", "project_in", "W_pack", "intermediate"),
)
LOADS = {
    "gpt2": "AutoModelForCausalLM",
    "base-model": "AutoModelForCausalLM",
    "bert-base-uncased": "AutoModelForSequenceClassification",
    "distilbert-base-uncased": "AutoModelForSequenceClassification",
    "microsoft/deberta-v3-base": "AutoModelForSequenceClassification",
    "roberta-base": "AutoModelForTokenClassification",
    "t5-small": "AutoModelForSeq2SeqLM",
    "google/vit-base-patch16-224-in21k": "AutoModelForImageClassification",
    "facebook/wav2vec2-base": "AutoModelForAudioClassification",
}


def proof(example, use_instead):
    """No adapter goes on a model without such modules; with the model's own it is there."""
    outcome = run(example)
    assert outcome.exception.startswith("ValueError") or "NoMatching" in outcome.exception
    assert "not found in the base model" in outcome.exception
    assert run(use_instead, adapted).value() == ["c_attn"]


def adapted(names):
    found = (n for n, module in names["model"].named_modules() if hasattr(module, "lora_A"))
    return sorted({name.rpartition(".")[2] for name in found})


@pytest.mark.parametrize(("checkpoint", "auto"), LOADS.items())
def test_what_a_family_is_said_to_lack_is_not_there(checkpoint, auto):
    code = f"from transformers import {auto}\nmodel = {auto}.from_pretrained('{checkpoint}')"
    there = run(code, every_name).value()
    family = "llama" if checkpoint == "base-model" else knowledge.family(checkpoint)
    answers = {name: has_module(family, name, INSTALLED) for name in NAMES}
    assert len([name for name, answer in answers.items() if answer is False]) > 10
    for name, answer in answers.items():
        found = any(one == name or one.endswith(f".{name}") for one in there)
        assert not (found and answer is False), name
        assert not (found and answer is None and name not in ("wi_0", "wi_1")), name


def every_name(names):
    modules = names["model"].named_modules()
    return [
        name for name, module in modules if name and next(module.parameters(), None) is not None
    ]


@pytest.mark.parametrize(
    ("config", "model"),
    [
        ("T5Config(feed_forward_proj='gated-gelu', {small})", "T5ForConditionalGeneration"),
        ("OPTConfig(word_embed_proj_dim=8, {small})", "OPTForCausalLM"),
    ],
)
def test_modules_that_a_config_decides_are_not_denied(config, model):
    small = "vocab_size=32, num_layers=2, num_hidden_layers=2, hidden_size=24, d_model=24"
    code = f"from transformers import *\nmodel = {model}({config.format(small=small)})"
    every = {name.rpartition(".")[2] for name in run(code, every_name).value()}
    there = {name for name in every if not name.isdigit()}
    family = "t5" if model.startswith("T5") else "opt"
    assert [name for name in there if has_module(family, name) is False] == []
    assert there & {"wi_0", "project_in"}


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ("LoraConfig(target_modules=['q_proj'])", "ValueError"),
        ("LoraConfig(target_modules=('q_proj', 'v_proj'))", "ValueError"),
        ("IA3Config(target_modules=['k_proj'], feedforward_modules=[])", "ValueError"),
        ("LoHaConfig(target_modules=['q_proj'])", "ValueError"),
        ("LoraConfig(target_modules=['x'], target_parameters=['c_attn.weight'])", ""),
    ],
)
def test_configs_on_gpt2(config, error):
    code = f"""
from peft import IA3Config, LoHaConfig, LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
model = get_peft_model(AutoModelForCausalLM.from_pretrained("gpt2"), {config})
"""
    outcome = run(code)
    assert ("not found in the base model" in outcome.exception) == bool(error)
