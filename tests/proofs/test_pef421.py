"""PEF421: prefixes and checkpoints raise; encoded prompts are encoded twice when loaded again."""

import pytest

from tests.proofs.harness import run

SCRIPT = """
from datasets import Dataset
from peft import PrefixTuningConfig, PromptTuningConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM, AutoModelForSeq2SeqLM, Trainer, TrainingArguments
)
from trl import SFTConfig, SFTTrainer
ids = [[11, 42, 7], [3, 99, 2]]
rows = Dataset.from_dict({"input_ids": ids, "labels": ids})
text = rows.remove_columns("labels")
quiet = dict(max_steps=3, learning_rate=0.5, report_to=[], use_cpu=True)
best = dict(
    eval_strategy="steps", eval_steps=1, save_strategy="steps", save_steps=1,
    load_best_model_at_end=True,
)
tokens = dict(num_virtual_tokens=4)
"""
MODELS = [
    ("AutoModelForCausalLM", "base-model", "CAUSAL_LM"),
    ("AutoModelForCausalLM", "gpt2", "CAUSAL_LM"),
    ("AutoModelForSeq2SeqLM", "t5-small", "SEQ_2_SEQ_LM"),
]


def proof(example, use_instead):
    """The example ends in a model that was never evaluated, the fixed text in its last one."""
    log, after = run(example, losses).value()
    assert after not in log
    log, after = run(use_instead, losses).value()
    assert after == log[-1]


def made(config, auto="AutoModelForCausalLM", base="base-model"):
    return f"{SCRIPT}model = get_peft_model({auto}.from_pretrained('{base}'), {config})\n"


def trained(settings):
    arguments = f"TrainingArguments('out', **quiet, {settings})"
    return f"trainer = Trainer(model, {arguments}, train_dataset=rows, eval_dataset=rows)\n"


@pytest.mark.parametrize(("auto", "base", "task"), MODELS)
def test_prefixes_do_not_go_with_checkpoints(auto, base, task):
    config = f"PrefixTuningConfig(task_type='{task}', **tokens)"
    code = made(config, auto, base) + trained("gradient_checkpointing=True, save_strategy='no'")
    outcome = run(code + "trainer.train()")
    assert outcome.exception.startswith("RuntimeError: The size of tensor a")


def test_the_sft_trainer_checkpoints_by_itself():
    code = made("PrefixTuningConfig(task_type='CAUSAL_LM', **tokens)") + (
        "args = SFTConfig('out', bf16=False, save_strategy='no', MORE**quiet)\n"
        "SFTTrainer(model, args=args, train_dataset=text).train()"
    )
    outcome = run(code.replace("MORE", ""))
    assert outcome.exception.startswith("RuntimeError: The size of tensor a")
    assert not run(code.replace("MORE", "gradient_checkpointing=False, ")).exception


@pytest.mark.parametrize(("auto", "base", "task"), MODELS)
def test_projected_prefixes_cannot_be_loaded_for_training(auto, base, task):
    config = f"PrefixTuningConfig(task_type='{task}', prefix_projection=True, **tokens)"
    outcome = run(made(config, auto, base) + trained("**best") + "trainer.train()")
    assert outcome.exception.startswith("RuntimeError: When using prompt learning")


@pytest.mark.parametrize("name", ["PrefixTuningConfig", "PromptTuningConfig"])
def test_other_prompts_are_restored(name):
    code = made(f"{name}(task_type='CAUSAL_LM', **tokens)") + trained("**best")
    log, after = run(code + "trainer.train()", losses).value()
    assert after == min(log)


def losses(names):
    """Return the losses of the evaluations in the training, and that of one afterwards."""
    trainer = names["trainer"]
    log = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    return [round(loss, 4) for loss in log], round(trainer.evaluate()["eval_loss"], 4)
