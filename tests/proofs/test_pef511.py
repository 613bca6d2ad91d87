"""PEF511: an adapter beside a config.json is taken for a full model, and cannot be loaded."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

RAISES = "OSError: Error no file named model.safetensors"
LOADED = """
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline
base = AutoModelForCausalLM.from_pretrained("base-model")
tokenizer = AutoTokenizer.from_pretrained("base-model")
model = PeftModel.from_pretrained(base, "my-adapter")
"""
SAVED = LOADED + "model.save_pretrained('final'); tokenizer.save_pretrained('final')\n"
WITH_CONFIG = SAVED + "model.config.save_pretrained('final')\n"
IMPORTS = "\nfrom transformers import AutoModelForCausalLM\n"
AUTO = "again = AutoModelForCausalLM.from_pretrained('final')"


def proof(example, use_instead):
    """The folder of the example raises; that of the fixed text holds the trained model."""
    assert run(f"{example}{IMPORTS}{AUTO}").exception.startswith(RAISES)
    assert run(f"{use_instead}{IMPORTS}{AUTO}", between).value() < 1e-4


@pytest.mark.parametrize(
    ("load", "exception"),
    [
        (AUTO, RAISES),
        ("pipeline('text-generation', 'final')", "ValueError: Could not load model final"),
    ],
)
def test_with_the_config_transformers_looks_for_a_full_model(load, exception):
    assert run(WITH_CONFIG + load).exception.startswith(exception)


def test_the_order_of_the_saves_does_not_matter():
    code = "model.config.save_pretrained('final'); model.save_pretrained('final')\n"
    assert run(LOADED + code + AUTO).exception.startswith(RAISES)


@pytest.mark.parametrize(
    "code",
    [
        SAVED + AUTO,
        SAVED + "model.generation_config.save_pretrained('final')\n" + AUTO,
        SAVED + "again = pipeline('text-generation', 'final').model",
        WITH_CONFIG + "again = AutoPeftModelForCausalLM.from_pretrained('final')",
        LOADED
        + "base = AutoModelForCausalLM.from_pretrained('base-model')\nbase.save_pretrained('final')\n"
        + "model.save_pretrained('final'); model.config.save_pretrained('final')\n"
        + AUTO,
    ],
)
def test_look_alikes_load_the_trained_model(code):
    assert run(code, between).value() == 0


def between(names):
    return difference(logits(names["model"].eval()), logits(names["again"].eval()))
