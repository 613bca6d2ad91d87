"""PEF513: transformers' own loader does not find an adapter that was saved as a pickled file."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

MISSING = "FileNotFoundError: No such file or directory: adapter/adapter_model.safetensors"
LOADED = """
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline
def build():
    return AutoModelForCausalLM.from_pretrained("base-model")
model = PeftModel.from_pretrained(build(), "my-adapter")
tokenizer = AutoTokenizer.from_pretrained("base-model")
tokenizer.save_pretrained("adapter")
"""
SAVED = LOADED + "model.save_pretrained('adapter', safe_serialization=False)\n"
AUTO = "again = AutoModelForCausalLM.from_pretrained('adapter')"


def proof(example, use_instead):
    """The example cannot load what it saved; the fixed text can."""
    assert run(example).exception == MISSING
    assert run(use_instead, between).value() == 0


@pytest.mark.parametrize(
    ("load", "exception"),
    [
        (AUTO, MISSING),
        ("build().load_adapter('adapter')", MISSING),
        ("pipeline('text-generation', 'adapter')", "ValueError: Could not load model adapter"),
    ],
)
def test_every_way_of_transformers_to_load_it_raises(load, exception):
    assert run(SAVED + load).exception.startswith(exception)


@pytest.mark.parametrize(
    "code",
    [
        SAVED + "again = PeftModel.from_pretrained(build(), 'adapter')",
        SAVED + "again = AutoPeftModelForCausalLM.from_pretrained('adapter')",
        SAVED + "model.save_pretrained('adapter')\n" + AUTO,
        LOADED + "model.save_pretrained('adapter')\n" + AUTO,
    ],
)
def test_look_alikes_load_the_adapter_exactly(code):
    assert run(code, between).value() == 0


def test_a_merged_model_is_saved_with_safetensors_all_the_same():
    code = (
        "model = model.merge_and_unload()\nmodel.save_pretrained('m', safe_serialization=False)\n"
    )
    load = "again = AutoModelForCausalLM.from_pretrained('m')"
    assert run(LOADED + code + load, between).value() == 0


def between(names):
    return difference(logits(names["model"].eval()), logits(names["again"].eval()))
