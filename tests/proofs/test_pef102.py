"""PEF102: PeftModel.from_pretrained on a body that carries an adapter."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

IMPORTS = """
import copy
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM
from tests.proofs.harness.checkpoints import make_trained
base = AutoModelForCausalLM.from_pretrained("base-model")
config = LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "v_proj"])
key = LoraConfig(task_type="CAUSAL_LM", target_modules=["k_proj"])
"""


def proof(example, use_instead):
    """The trained adapter is not loaded: the output is the base's; with the fix it is right."""
    assert run(example, distance_to_fresh_base).value() == 0
    assert run(use_instead, distance_to_adapter).value() == 0
    assert run(use_instead, distance_to_fresh_base).value() > 0.01


@pytest.mark.parametrize(
    "first",
    [
        "get_peft_model(base, config)",
        "get_peft_model(base, config).base_model",
        "PeftModel.from_pretrained(base, 'my-adapter')",
        "PeftModel.from_pretrained(base, 'my-other-adapter')",
    ],
)
@pytest.mark.parametrize("more", ["", ", adapter_name='second'"])
def test_on_a_peft_model_nothing_is_loaded_and_the_first_adapter_is_gone(first, more):
    code = f"model = PeftModel.from_pretrained({first}, 'my-adapter'{more})"
    assert run(IMPORTS + code, distance_to_fresh_base).value() == 0


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("first = PeftModel.from_pretrained(base, 'my-other-adapter')\n"
         "model = PeftModel.from_pretrained(base, 'my-adapter')", True),
        ("first = get_peft_model(base, key); make_trained(first)\n"
         "model = PeftModel.from_pretrained(base, 'my-adapter')", False),
        ("first = get_peft_model(base, key); make_trained(first)\n"
         "model = PeftModel.from_pretrained(base, 'my-adapter', adapter_name='second')", True),
        ("first = get_peft_model(base, key); make_trained(first)\n"
         "model = PeftModel.from_pretrained(first.unload(), 'my-adapter')", True),
        ("first = get_peft_model(copy.deepcopy(base), key); make_trained(first)\n"
         "model = PeftModel.from_pretrained(base, 'my-adapter')", True),
    ],
)  # fmt: skip
def test_on_a_base_the_second_is_right_unless_layers_of_the_first_are_left(code, right):
    assert (run(IMPORTS + code, distance_to_adapter).value() == 0) == right


@pytest.mark.parametrize("more", ["", ", adapter_name='second'"])
def test_the_first_model_of_a_base_becomes_the_second(more):
    code = f"""
model = PeftModel.from_pretrained(base, "my-adapter")
second = PeftModel.from_pretrained(base, "my-other-adapter"{more})
"""
    assert run(IMPORTS + code, distance_to_adapter).value() > 0.01
    copied = code.replace("(base", "(copy.deepcopy(base)", 1)
    assert run(IMPORTS + copied, distance_to_adapter).value() == 0


def distance_to_fresh_base(names):
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained("base-model")
    return difference(logits(names["model"]), logits(plain))


def distance_to_adapter(names):
    """Return how far the model is from `my-adapter` on a fresh base."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained("base-model")
    wanted = logits(PeftModel.from_pretrained(plain, "my-adapter"))
    return difference(logits(names["model"]), wanted)
