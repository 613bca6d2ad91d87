"""PEF409: what PiSSA and OLoRA leave of the base is the reference, or the model is damaged."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import distance_to_base

OLDER = "trl-0.19"
# Older trainers ask for a tokenizer.
OLD = ", peft_config=config, processing_class=AutoTokenizer.from_pretrained('base-model')"
SCRIPT = """
import datasets
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import (
    DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, KTOConfig, KTOTrainer, RLOOConfig, RLOOTrainer
)
pairs = datasets.Dataset.from_dict({"prompt": ["one"], "chosen": ["two"], "rejected": ["three"]})
labelled = datasets.Dataset.from_dict(
    {"prompt": ["one", "four"], "completion": ["two", "five"], "label": [True, False]}
)
prompts = datasets.Dataset.from_dict({"prompt": ["one", "four"]})
quiet = dict(
    max_steps=1, logging_steps=1, report_to=[], use_cpu=True, save_strategy="no", bf16=False,
    per_device_train_batch_size=2,
)
online = dict(max_completion_length=4, num_generations=2, **quiet)
reward = lambda completions, **kw: [float(number) for number in range(len(completions))]
base = AutoModelForCausalLM.from_pretrained("base-model")
reference = AutoModelForCausalLM.from_pretrained("base-model")
config = LoraConfig(r=4, init_lora_weights="START", task_type="CAUSAL_LM")
"""
DPO = "DPOTrainer(MODEL, args=DPOConfig('out', **quiet), train_dataset=pairs"
KTO = "KTOTrainer(MODEL, args=KTOConfig('out', **quiet), train_dataset=labelled"
GRPO = (
    "GRPOTrainer(MODEL, reward, args=GRPOConfig('out', beta=0.1, **online), train_dataset=prompts"
)
RLOO = "RLOOTrainer(MODEL, reward, args=RLOOConfig('out', **online), train_dataset=prompts"


def proof(example, use_instead):
    """The rewards of the first step are measured against what is left of the base."""
    assert abs(run(example, first).value()["rewards/chosen"]) > 0.1
    assert run(use_instead, first).value()["rewards/chosen"] == 0


@pytest.mark.parametrize("start", ["pissa", "pissa_niter_4", "olora"])
@pytest.mark.parametrize("trainer", [DPO, KTO, GRPO, RLOO])
def test_without_the_adapter_the_base_is_another_model(trainer, start):
    code = made(trainer + ", peft_config=config)", "base", start)
    assert run(code, trained).value() < 1e-3
    assert run(code, left).value() > 1


@pytest.mark.parametrize("start", ["gaussian", "orthogonal"])
def test_other_starts_leave_the_base_alone(start):
    outcome = run(made(DPO + ", peft_config=config)", "base", start) + "trainer.train()", first)
    assert outcome.value()["rewards/chosen"] == 0


def test_grpo_measures_its_distance_from_the_wrong_model():
    code = made(GRPO + ", peft_config=config)", "base", "olora") + "trainer.train()"
    assert run(code, first).value()["kl"] > 0.1
    assert run(code.replace("olora", "gaussian"), first).value()["kl"] == 0


@pytest.mark.parametrize("start", ["pissa", "olora"])
@pytest.mark.parametrize("trainer", [DPO, KTO, GRPO, RLOO])
def test_a_peft_model_is_damaged_by_the_adapter_for_the_reference(trainer, start):
    code = made(trainer + ")", "get_peft_model(base, config)", start)
    assert run(code, trained).value() > 1


@pytest.mark.parametrize(
    ("model", "rest"),
    [("base", ", peft_config=config)"), ("get_peft_model(base, config)", ")")],
)
def test_with_a_reference_of_its_own_all_is_well(model, rest):
    code = made(f"{DPO}, ref_model=reference{rest}", model, "olora")
    assert run(code, trained).value() < 1e-3
    assert abs(run(code + "trainer.train()", first).value()["rewards/chosen"]) < 1e-5


@pytest.mark.stack
def test_an_older_dpo_refuses_a_reference_beside_a_config():
    code = made(f"{DPO}, ref_model=reference{OLD})", "base", "gaussian")
    outcome = run(code, stack=OLDER)
    assert outcome.exception.startswith("ValueError: You passed both a ref_model and a peft_config")
    wrapped = code.replace("DPOTrainer(base", "DPOTrainer(get_peft_model(base, config)")
    assert run(wrapped, stack=OLDER).exception == outcome.exception


@pytest.mark.stack
@pytest.mark.parametrize(
    "trainer",
    [
        DPO.replace("**quiet", "force_use_ref_model=True, **quiet") + ", ref_model=reference",
        DPO,
        KTO + ", ref_model=reference",
    ],
)
def test_it_trains_where_that_is_forced_or_left_to_the_trainer_and_kto_takes_both(trainer):
    code = made(f"{trainer}{OLD})", "base", "gaussian") + "trainer.train()\n"
    assert run(code, first, stack=OLDER).value()["rewards/chosen"] == 0


@pytest.mark.parametrize("trainer", [DPO, KTO])
def test_today_both_take_a_reference_beside_a_config(trainer):
    code = made(f"{trainer}, ref_model=reference, peft_config=config)", "base", "gaussian")
    assert run(code + "trainer.train()", first).value()["rewards/chosen"] == pytest.approx(0)


def made(trainer, model, start):
    code = f"trainer = {trainer}\n".replace("MODEL", model)
    return SCRIPT.replace("START", start) + code


def first(names):
    """Return what the first step logged."""
    return names["trainer"].state.log_history[0]


def trained(names):
    """Return how far the model that is trained is from the checkpoint."""
    return distance_to_base(names["trainer"].model)


def left(names):
    """Return how far that model is from it without its adapter."""
    with names["trainer"].model.disable_adapter():
        return trained(names)
