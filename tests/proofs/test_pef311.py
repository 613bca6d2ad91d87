"""PEF311: what the positional arguments of a config set, and what becomes of them."""

import pytest

from tests.proofs.harness import run

IMPORTS = "from peft import *\n"
VALUES = {"number": "8", "fraction": "0.1", "list": "['q_proj']", "tuple": "('q_proj',)"}
CLASSES = ("LoraConfig", "IA3Config", "PromptTuningConfig", "PrefixTuningConfig")


def proof(example, use_instead):
    """The example's adapter has the default rank and scale, the fixed one those of the text."""
    assert run(example, numbers).value() == [8, 8]
    assert run(use_instead, numbers).value() == [4, 32]


def test_numbers_and_lists_are_refused_as_a_task_type():
    code = f"""{IMPORTS}
found = {{}}
for one in ({", ".join(CLASSES)}):
    for value in ({", ".join(VALUES.values())}, True):
        try:
            one(value)
        except ValueError as error:
            found[f"{{one.__name__}} {{value}}"] = str(error)
"""
    found = run(code, errors).value()
    assert len(found) == len(CLASSES) * (len(VALUES) + 1)
    assert all(error.startswith("Invalid task type") for error in found.values())


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_behind_a_task_type_they_are_lost(value):
    code = f"{IMPORTS}config = LoraConfig('CAUSAL_LM', {value}, r=4, lora_alpha=32)\n"
    check = "assert config == LoraConfig(task_type='CAUSAL_LM', r=4, lora_alpha=32)"
    assert run(code + check, numbers).value() == [4, 32]


def test_fields_in_their_order_arrive():
    code = (
        IMPORTS + "config = LoraConfig(TaskType.CAUSAL_LM, 'LORA', None, None, 'base', None, True)"
    )
    check = "\nassert config.task_type == 'CAUSAL_LM' and config.inference_mode"
    check += "\nassert config.base_model_name_or_path == 'base'"
    assert not run(code + check).exception


def numbers(names):
    return [names["config"].r, names["config"].lora_alpha]


def errors(names):
    return names["found"]
