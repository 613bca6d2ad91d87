"""PEF505: a folder with a merged model and its adapter gives the adapter twice."""

from functools import partial

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

IMPORTS = """
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
merged = PeftModel.from_pretrained(base, "my-adapter").merge_and_unload()
"""
OVER = IMPORTS + 'merged.save_pretrained("my-adapter")\n'
BESIDE = IMPORTS + 'merged.save_pretrained("my-merged")\n'


def proof(example, use_instead):
    """What the example saves loads as something else; what the fixed text saves does not."""
    assert run(example, reloaded_from("saved")).value() > 0.1
    assert run(use_instead, reloaded_from("saved/merged")).value() < 1e-3


@pytest.mark.parametrize("words", ["", ", safe_serialization=False"])
def test_every_format_of_the_merged_model_is_taken_as_the_base(words):
    code = IMPORTS + f'merged.save_pretrained("my-adapter"{words})'
    assert run(code, reloaded_from("my-adapter")).value() > 0.1


@pytest.mark.parametrize(
    "load",
    [
        'PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("base-model"), "my-adapter")',
        'AutoPeftModelForCausalLM.from_pretrained("my-adapter")',
    ],
)
def test_what_takes_only_the_adapter_is_right(load):
    assert run(OVER + "model = " + load, distance).value() < 1e-3


@pytest.mark.parametrize(
    "code",
    [
        "base = AutoModelForCausalLM.from_pretrained('my-merged')\n"
        "model = PeftModel.from_pretrained(base, 'my-adapter')",
        "model = AutoModelForCausalLM.from_pretrained('my-merged'); model.load_adapter('my-adapter')",
    ],
)
def test_the_adapter_on_its_own_merged_model_counts_twice(code):
    assert run(BESIDE + code, distance).value() > 0.1


def test_a_folder_of_its_own_gives_the_merged_model():
    assert run(BESIDE, reloaded_from("my-merged")).value() < 1e-3


def test_without_the_adapter_s_config_the_folder_gives_the_merged_model():
    code = OVER + "import os\nos.remove('my-adapter/adapter_config.json')"
    assert run(code, reloaded_from("my-adapter")).value() < 1e-3


def reloaded_from(folder):
    return partial(from_folder, folder=folder)


def from_folder(names, folder):
    """Return how far what transformers loads from a folder is from the merged model."""
    from transformers import AutoModelForCausalLM

    return distance({**names, "model": AutoModelForCausalLM.from_pretrained(folder)})


def distance(names):
    return difference(logits(names["model"].eval()), logits(names["merged"].eval()))
