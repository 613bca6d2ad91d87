"""PEF408: a model with an adapter and a peft_config: raised, or the first adapter is lost."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import largest, trainable

SCRIPT = """
import datasets
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer
rows = datasets.Dataset.from_dict({"input_ids": [[1, 5, 9]] * 4})
pairs = datasets.Dataset.from_dict({"prompt": ["one"], "chosen": ["two"], "rejected": ["three"]})
quiet = {"max_steps": 1, "report_to": [], "use_cpu": True, "save_strategy": "no"}
base = AutoModelForCausalLM.from_pretrained("base-model")
config = LoraConfig(r=8, task_type="CAUSAL_LM")
"""


def proof(example, use_instead):
    """The example raises when the trainer is made; the fixed text trains its own adapter."""
    assert run(example).exception.startswith("ValueError: You passed a `PeftModel` instance")
    assert run(use_instead, adapter).value()["B"] > 0


@pytest.mark.parametrize(
    "code",
    [
        "DPOTrainer(model, args=DPOConfig('out', **quiet), train_dataset=pairs, peft_config=config)",
        "GRPOTrainer(model, reward_funcs=lambda completions, **kw: [0.0] * len(completions), "
        "args=GRPOConfig('out', **quiet), train_dataset=pairs, peft_config=config)",
    ],
)
def test_other_trainers_raise_as_well(code):
    outcome = run(SCRIPT + "model = PeftModel.from_pretrained(base, 'my-adapter')\n" + code)
    assert outcome.exception.startswith("ValueError: You passed a `PeftModel` instance")


def test_over_the_base_variable_a_trained_adapter_is_replaced():
    code = SCRIPT + "model = PeftModel.from_pretrained(base, 'my-adapter')\n"
    assert run(code, adapter).value()["B"] > 0.1
    code += "model = SFTTrainer(base, SFTConfig('out', **quiet), train_dataset=rows, "
    outcome = run(code + "peft_config=config).model", adapter).value()
    assert outcome["B"] == 0


@pytest.mark.parametrize(("first", "left"), [("'all-linear'", 10), ("['q_proj', 'v_proj']", 0)])
def test_layers_that_the_second_config_leaves_out_keep_the_first_and_are_not_saved(first, left):
    code = f"""
get_peft_model(base, LoraConfig(r=4, target_modules={first}, task_type="CAUSAL_LM"))
config = LoraConfig(r=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
model = SFTTrainer(
    base, SFTConfig("out", **quiet), train_dataset=rows, peft_config=config
).model
"""
    measured = run(SCRIPT + code, adapter).value()
    layers = {name.partition(".lora_")[0] for name in measured["trainable"]}
    assert len(layers) == 4 + left


def test_a_first_adapter_with_the_same_targets_costs_nothing():
    code = "model = SFTTrainer(base, SFTConfig('out', **quiet), train_dataset=rows, "
    alone = run(SCRIPT + code + "peft_config=config).model", adapter).value()
    twice = run(
        SCRIPT + "get_peft_model(base, config)\n" + code + "peft_config=config).model", adapter
    ).value()
    assert alone["trainable"] == twice["trainable"]


def adapter(names):
    model = names.get("model")
    return {"B": largest(model), "trainable": trainable(model)}
