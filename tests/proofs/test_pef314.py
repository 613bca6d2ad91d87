"""PEF314: how an adapter starts with the step that its initialisation needs, and without."""

import pytest

from tests.proofs.harness import run

MODEL = """
import torch
from peft import *
from peft.tuners.lora.config import CordaConfig
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("base-model")
batch = dict(input_ids=torch.arange(32).reshape(4, 8), labels=torch.arange(32).reshape(4, 8))
torch.manual_seed(1)
"""
GA = "config = LoraConfig(r=2, init_lora_weights='lora_ga', lora_ga_config=LoraGAConfig())\n"
EVA = "config = LoraConfig(r=2, init_lora_weights='eva')\n"
WRAP = "torch.manual_seed(1)\nmodel = get_peft_model(model, config)\n"
PLAIN = "config = LoraConfig(r=2)\n" + WRAP
STEP = "preprocess_loraga(model, config, lambda: model(**batch).loss.backward())\n"


def proof(example, use_instead):
    """The example's adapter is that of plain LoRA; the fixed config names the initialisation."""
    plain = example.replace(", lora_ga_config=LoraGAConfig()", "")
    assert plain != example
    assert run(example, first).value() == run(plain, first).value()
    assert run(use_instead, chosen).value() == "lora_ga"


def test_gradients_change_the_start_and_without_them_it_is_the_plain_one():
    plain = run(MODEL + PLAIN, first).value()
    assert run(MODEL + GA + WRAP, first).value() == plain
    assert run(MODEL + GA + STEP + WRAP, first).value() != plain


def test_the_start_of_eva_is_random_until_it_has_seen_data():
    twice = "torch.manual_seed({})\nmodel = get_peft_model(model, config)\n"
    starts = [run(MODEL + EVA + twice.format(seed), first).value() for seed in (1, 2)]
    assert starts[0] != starts[1]
    seen = twice + "initialize_lora_eva_weights(model, [batch] * 4, show_progress_bar=False)\n"
    after = [run(MODEL + EVA + seen.format(seed), first).value() for seed in (1, 2)]
    assert after[0] == pytest.approx(after[1], abs=1e-4)


def test_corda_raises():
    config = "config = LoraConfig(init_lora_weights='corda', corda_config=CordaConfig())\n"
    assert "preprocess_corda" in run(MODEL + config + WRAP).exception


@pytest.mark.parametrize(
    "settings",
    [
        "eva_config=EvaConfig()",
        "corda_config=CordaConfig()",
        "lora_ga_config=LoraGAConfig()",
        "loftq_config=LoftQConfig(loftq_bits=4)",
    ],
)
def test_settings_of_an_initialisation_that_is_not_chosen_change_nothing(settings):
    plain = run(MODEL + PLAIN, first).value()
    assert run(f"{MODEL}config = LoraConfig(r=2, {settings})\n{WRAP}", first).value() == plain


def first(names):
    """Return the values of the first matrix."""
    pairs = names["model"].named_parameters()
    return next(p for name, p in pairs if "lora_A" in name).flatten().tolist()


def chosen(names):
    return names["model"].peft_config["default"].init_lora_weights
