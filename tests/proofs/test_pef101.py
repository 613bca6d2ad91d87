"""PEF101: a config read from a checkpoint makes fresh weights; the trained ones stay on disk."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import distance_to_base, largest, logits, the_model, trainable

IMPORTS = """
import torch
from peft import (AutoPeftModelForCausalLM, LoraConfig, PeftConfig, PeftModel, get_peft_model,
    get_peft_model_state_dict, load_peft_weights, set_peft_model_state_dict)
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments
base = AutoModelForCausalLM.from_pretrained("base-model")
config = PeftConfig.from_pretrained("my-adapter")
"""
EXAMPLE = IMPORTS + "model = get_peft_model(base, config).eval()\n"
USE_INSTEAD = IMPORTS + 'model = PeftModel.from_pretrained(base, "my-adapter").eval()\n'
TRAIN = """
import datasets
rows = datasets.Dataset.from_dict({"input_ids": [[1, 5, 9]] * 4, "labels": [[1, 5, 9]] * 4})
args = TrainingArguments("out", max_steps=2, report_to=[], use_cpu=True, save_strategy="no")
"""


def proof(example, use_instead):
    """A "loaded" adapter gives exactly the output of the base; a loaded one does not."""
    assert run(example, distance).value() == 0
    assert run(use_instead, distance).value() > 0.01


def test_draft():
    proof(EXAMPLE, USE_INSTEAD)


def test_the_adapter_is_fresh_and_frozen_and_nothing_warns():
    outcome = run(EXAMPLE, fresh_and_frozen)
    assert outcome.value() == [0.0, []]
    assert "my-adapter" not in outcome.stderr
    assert "UserWarning" not in outcome.stderr


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("model = get_peft_model(base, config)", False),
        ("model = PeftModel(base, config)", False),
        ("base.add_adapter(config); model = base", False),
        ("model = get_peft_model(base, config); model.load_adapter('my-adapter', 'x')", False),
        ("model = get_peft_model(AutoModelForCausalLM.from_pretrained('my-adapter'), config)", False),
        ("model = get_peft_model(base, config)\n"
         "model.load_state_dict(load_peft_weights('my-adapter'), strict=False)", False),
        ("model = get_peft_model(base, config)\n"
         "set_peft_model_state_dict(model, load_peft_weights('my-adapter'))", True),
        ("model = get_peft_model(base, config); model.load_adapter('my-adapter', 'default')", True),
        ("model = get_peft_model(base, config); model.load_adapter('my-adapter', 'x')\n"
         "model.set_adapter('x')", True),
        ("model = get_peft_model(base, config)\n"
         "full = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained('base-model'), "
         "'my-adapter').state_dict()\nmodel.load_state_dict(full)", True),
        ("model = PeftModel.from_pretrained(base, 'my-adapter', config=config)", True),
        ("model = AutoPeftModelForCausalLM.from_pretrained('my-adapter')", True),
        ("model = AutoModelForCausalLM.from_pretrained('my-adapter')", True),
        ("base.load_adapter('my-adapter'); model = base", True),
        ("model = PeftModel.from_pretrained(base, 'my-adapter').merge_and_unload()", True),
    ],
)  # fmt: skip
def test_what_loads_the_trained_weights(code, loaded):
    assert (run(IMPORTS + code, distance).value() > 0.01) == loaded


def test_loading_gives_what_was_saved():
    assert run(USE_INSTEAD, distance_to_other_loader).value() == 0


def test_a_reused_config_trains_only_when_its_inference_mode_is_reset():
    frozen = run(IMPORTS + "model = get_peft_model(base, config)", number_trainable).value()
    code = "config.inference_mode = False; model = get_peft_model(base, config)"
    assert (frozen, run(IMPORTS + code, number_trainable).value()) == (0, 8)


def test_training_a_reused_config_raises():
    code = "model = get_peft_model(base, config); Trainer(model, args, train_dataset=rows).train()"
    assert "does not require grad" in run(IMPORTS + TRAIN + code).exception


def test_trl_trains_nothing_with_a_config_read_from_a_checkpoint_and_says_nothing():
    code = """
from trl import SFTConfig, SFTTrainer
args = SFTConfig("out", max_steps=2, report_to=[], use_cpu=True, save_strategy="no")
trainer = SFTTrainer(base, args, train_dataset=rows, peft_config=config)
trainer.train()
model = trainer.model
"""
    outcome = run(IMPORTS + TRAIN + code, fresh_and_frozen)
    assert outcome.value() == [0.0, []]


def test_resuming_a_run_fills_a_fresh_config_and_refuses_a_frozen_one():
    resume = """
args = TrainingArguments("out", max_steps=2, save_steps=2, report_to=[], use_cpu=True)
fresh = LoraConfig(task_type="CAUSAL_LM")
Trainer(get_peft_model(base, fresh), args, train_dataset=rows).train()
base = AutoModelForCausalLM.from_pretrained("base-model")
args = TrainingArguments("out", max_steps=3, report_to=[], use_cpu=True, save_strategy="no")
"""
    train = "Trainer(model, args, train_dataset=rows).train('out/checkpoint-2')"
    good = f"model = get_peft_model(base, fresh); {train}"
    bad = f"model = get_peft_model(base, PeftConfig.from_pretrained('out/checkpoint-2')); {train}"
    assert run(IMPORTS + TRAIN + resume + good, distance).value() > 0
    assert "ValueError" in run(IMPORTS + TRAIN + resume + bad).exception


def distance(names):
    return distance_to_base(the_model(names))


def fresh_and_frozen(names):
    return [largest(names["model"]), trainable(names["model"])]


def number_trainable(names):
    return len(trainable(names["model"]))


def distance_to_other_loader(names):
    from peft import AutoPeftModelForCausalLM

    other = AutoPeftModelForCausalLM.from_pretrained("my-adapter")
    return float((logits(names["model"]) - logits(other)).abs().max())
