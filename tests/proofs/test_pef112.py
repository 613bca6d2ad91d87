"""PEF112: what an adapter's config file says wins over a keyword beside its path."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import the_model, trainable

IMPORTS = "from peft import LoraConfig, PeftConfig, PeftModel\n"


def proof(example, use_instead):
    """Nothing of the example can be trained; of the fixed text the adapter can."""
    assert run(example, count).value() == 0
    assert run(use_instead, count).value() == 8


@pytest.mark.parametrize("reader", ["PeftConfig", "LoraConfig"])
@pytest.mark.parametrize(
    ("keyword", "in_file"),
    [
        ("inference_mode=False", True),
        ("base_model_name_or_path='other'", "base-model"),
        ("r=99", 8),
        ("lora_alpha=99", 16),
        ("lora_dropout=0.9", 0.1),
        ("target_modules=['k_proj']", ["q_proj", "v_proj"]),
        ("modules_to_save=['lm_head']", None),
        ("bias='all'", "none"),
        ("fan_in_fan_out=True", False),
    ],
)
def test_the_file_wins(reader, keyword, in_file):
    code = f"{IMPORTS}name, config = {keyword.partition('=')[0]!r}, "
    code += f"{reader}.from_pretrained('my-adapter', {keyword})"
    assert run(code, field).value() == in_file


def test_a_field_that_the_file_lacks_is_taken_from_the_keyword():
    code = """
import json
saved = json.load(open("my-adapter/adapter_config.json"))
del saved["lora_alpha"]
json.dump(saved, open("my-adapter/adapter_config.json", "w"))
name, config = "lora_alpha", LoraConfig.from_pretrained("my-adapter", lora_alpha=99)
"""
    assert run(IMPORTS + code, field).value() == 99


def test_is_trainable_decides_where_weights_are_loaded():
    code = """
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
config = PeftConfig.from_pretrained("my-adapter", inference_mode=False)
model = PeftModel.from_pretrained(base, "my-adapter", config=config, is_trainable=True)
"""
    assert run(IMPORTS + code, count).value() == 8


def count(names):
    return len(trainable(the_model(names)))


def field(names):
    value = getattr(names["config"], names["name"])
    return sorted(value) if isinstance(value, set) else value
