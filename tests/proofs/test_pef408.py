"""PEF408: a model with an adapter and a peft_config: raised, or the first adapter is lost."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import largest, saved_keys, trainable

OLDER = "trl-0.19"
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


# A trained adapter on two layers, and a config for one of them. Older trainers ask for a tokenizer.
OLD = """
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from trl import CPOConfig, CPOTrainer, KTOConfig, KTOTrainer, ORPOConfig, ORPOTrainer
from trl import RewardConfig, RewardTrainer
quiet |= {"bf16": False, "learning_rate": 0.1, "per_device_train_batch_size": 2}
short = {"max_length": 64, "max_prompt_length": 32}
labelled = datasets.Dataset.from_dict(
    {"prompt": ["one", "four"], "completion": ["two", "five"], "label": [True, False]}
)
reward = lambda completions, **kw: [float(number) for number in range(len(completions))]
config = LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
given = {"processing_class": AutoTokenizer.from_pretrained("base-model"), "peft_config": config}
model = PeftModel.from_pretrained(base, "my-adapter", is_trainable=True)
"""
SFT = "SFTTrainer(model, SFTConfig('out', **quiet), train_dataset=rows, **given)"
GRPO = (
    "GRPOTrainer(model, reward, GRPOConfig('out', max_completion_length=4, num_generations=2, "
    "**quiet), train_dataset=pairs.select_columns(['prompt']), **given)"
)
REWARD = (
    "RewardTrainer(get_peft_model(AutoModelForSequenceClassification.from_pretrained("
    "'base-model', num_labels=1), LoraConfig(task_type='SEQ_CLS', r=8)), "
    "RewardConfig('out', max_length=8, **quiet), train_dataset=pairs, **given)"
)


@pytest.mark.stack
@pytest.mark.parametrize("trainer", [SFT, REWARD])
def test_an_older_release_ignores_the_config(trainer):
    ranks, largest_b = older(trainer)
    assert ranks == [8] * 4
    assert (largest_b > 0.1) == (trainer == SFT)


@pytest.mark.stack
@pytest.mark.parametrize(
    "trainer",
    [
        "DPOTrainer(model, args=DPOConfig('out', **quiet), train_dataset=pairs, **given)",
        "KTOTrainer(model, args=KTOConfig('out', **quiet), train_dataset=labelled, **given)",
        "CPOTrainer(model, args=CPOConfig('out', **short, **quiet), train_dataset=pairs, **given)",
        "ORPOTrainer(model, args=ORPOConfig('out', **short, **quiet), train_dataset=pairs, **given)",
    ],
)
def test_others_merge_the_first_adapter(trainer):
    assert older(trainer) == [[2] * 2, 0]
    moved = f"before = base.model.layers[0].self_attn.q_proj.weight.clone()\n{OLD}{trainer}\n"
    assert run(SCRIPT + moved, moved_base, stack=OLDER).value() > 0.1


@pytest.mark.stack
def test_grpo_put_a_second_one_around_the_first():
    # What both have is fresh, what the second leaves out is trained on.
    ranks, largest_b = older(GRPO)
    assert sorted(ranks) == [2] * 2 + [8] * 2
    assert largest_b > 0.1
    code = f"{SCRIPT}{OLD}trainer = {GRPO}\ntrainer.train()\ntrainer.save_model('new')\n"
    code += "model = trainer.model\n"
    trained, keys = run(code, saved, stack=OLDER).value()
    assert trained > 0.1
    assert all(key.startswith("base_model.model.base_model.model.") for key in keys)
    code += "base = AutoModelForCausalLM.from_pretrained('base-model')\n"
    again = run(code + "model = PeftModel.from_pretrained(base, 'new')", adapter, stack=OLDER)
    assert again.value()["B"] == 0


@pytest.mark.stack
def test_over_the_base_variable_an_older_release_replaces_it_as_well():
    code = SCRIPT + OLD + SFT.replace("model", "base", 1) + "\nmodel = base\n"
    assert run(code, ranks, stack=OLDER).value() == [2] * 2 + [8] * 2


def older(trainer):
    """Return the ranks of the adapter that an older trainer has, and its largest weight."""
    code = f"{SCRIPT}{OLD}model = {trainer}.model\n"
    found = run(code, ranks, stack=OLDER).value()
    return [found, run(code, adapter, stack=OLDER).value()["B"]]


def ranks(names):
    found = names["model"].named_parameters()
    return sorted(parameter.shape[0] for name, parameter in found if "lora_A" in name)


def moved_base(names):
    """Return how far a layer of the base is from the checkpoint."""
    weights = dict(names["base"].named_parameters())
    name = "model.layers.0.self_attn.q_proj.weight"
    now = weights.get(name, weights.get(name.replace("weight", "base_layer.weight")))
    return float((now - names["before"]).abs().max())


def saved(names):
    return [largest(names["model"]), saved_keys("new")]
