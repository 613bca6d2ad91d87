"""PEF413: what the Trainer makes of `label_names`: a TypeError, or no loss and no metric."""

import pytest

from tests.proofs.harness import run

SCRIPT = """
import datasets
from peft import LoraConfig, get_peft_model
from transformers import (
    AutoModelForCausalLM, AutoModelForSequenceClassification, Trainer, TrainingArguments
)
from trl import SFTConfig, SFTTrainer
rows = datasets.Dataset.from_dict({"input_ids": [[11, 42, 7], [3, 99, 2]], "label": [0, 1]})
text = datasets.Dataset.from_dict({"input_ids": [[11, 42, 7], [3, 99, 2]]})
quiet = dict(max_steps=1, report_to=[], use_cpu=True, save_strategy="no")
called = []
def metrics(prediction):
    called.append(prediction)
    return {"metric": 1.0}
model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS"))
given = dict(train_dataset=rows, eval_dataset=rows, compute_metrics=metrics)
"""


def proof(example, use_instead):
    """The example evaluates without a loss, and the fixed text with one."""
    assert "eval_loss" not in run(example, evaluated).value()
    assert "eval_loss" in run(use_instead, evaluated).value()


def made(names, more=""):
    arguments = f"TrainingArguments('out', label_names={names}, {more}**quiet)"
    return f"{SCRIPT}trainer = Trainer(model, {arguments}, **given)\n"


@pytest.mark.parametrize("names", ["'labels'", "'label'", "('labels',)"])
def test_what_is_no_list_raises(names):
    outcome = run(made(names) + "trainer.train()")
    assert outcome.exception.startswith("TypeError: can only concatenate list")


@pytest.mark.parametrize(
    ("names", "more"),
    [
        ("'labels'", "remove_unused_columns=False, "),
        ("['label']", ""),
        ("['label_ids']", ""),
        ("['target']", ""),
    ],
)
def test_other_names_give_no_loss_and_no_metric(names, more):
    code = made(names, more) + "trainer.train()\nmetrics = trainer.evaluate()"
    assert run(code, evaluated).value() == {}


@pytest.mark.parametrize(
    ("names", "more"),
    [("None", ""), ("['labels']", ""), ("('labels',)", "remove_unused_columns=False, ")],
)
def test_the_right_names_give_both(names, more):
    code = made(names, more) + "trainer.train()\nmetrics = trainer.evaluate()"
    assert run(code, evaluated).value().keys() == {"eval_loss", "eval_metric"}


@pytest.mark.stack
@pytest.mark.parametrize(
    ("task", "names"), [("'SEQ_CLS'", {"eval_loss", "eval_metric"}), ("None", set())]
)
def test_older_trainers_did_not_look_below_an_adapter_without_a_task_type(task, names):
    given = f"target_modules=['query'], task_type={task}"
    wrapped = SCRIPT.replace('task_type="SEQ_CLS"', given)
    code = (
        wrapped + "metrics = Trainer(model, TrainingArguments('out', **quiet), **given).evaluate()"
    )
    assert run(code, evaluated, stack="trl-0.19").value().keys() == names
    assert run(code, evaluated).value().keys() == {"eval_loss", "eval_metric"}


@pytest.mark.parametrize("names", ["'labels'", "['label']", "('labels',)"])
def test_the_sft_trainer_does_not_look_at_them(names):
    code = f"""
model = AutoModelForCausalLM.from_pretrained("base-model")
args = SFTConfig("out", bf16=False, label_names={names}, **quiet)
given["train_dataset"] = given["eval_dataset"] = text
trainer = SFTTrainer(model, args, peft_config=LoraConfig(task_type="CAUSAL_LM"), **given)
trainer.train()
metrics = trainer.evaluate()
"""
    assert {"eval_loss", "eval_metric"} <= run(SCRIPT + code, evaluated).value().keys()


def evaluated(names):
    """Return the loss and the metric among what an evaluation gave."""
    wanted = ("eval_loss", "eval_metric")
    return {name: value for name, value in names["metrics"].items() if name in wanted}
