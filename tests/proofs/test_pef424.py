"""PEF424: the Trainer finds the best checkpoint of the adapter "default" and of no other."""

from tests.proofs.harness import run

SCRIPT = """
import os
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments
ids = [[11, 42, 7], [3, 99, 2]]
rows = Dataset.from_dict({"input_ids": ids, "labels": ids})
base = AutoModelForCausalLM.from_pretrained("base-model")
config = LoraConfig(task_type="CAUSAL_LM")
args = TrainingArguments(
    "out", max_steps=3, learning_rate=0.5, eval_strategy="steps", eval_steps=1, report_to=[],
    save_strategy="steps", save_steps=1, load_best_model_at_end=True, use_cpu=True,
)
"""
TRAIN = """
trainer = Trainer(model, args, train_dataset=rows, eval_dataset=rows)
trainer.train()
"""


def proof(example, use_instead):
    """After its training the example is the last model, and the fixed text is the best."""
    log, after = run(example, losses).value()
    assert after == log[-1] > min(log)
    log, after = run(use_instead, losses).value()
    assert after == min(log) < log[-1]


def test_beside_a_default_the_trained_adapter_is_overwritten():
    code = "model = get_peft_model(base, config)\nmodel.add_adapter('math', config)\n"
    log, after = run(SCRIPT + code + "model.set_adapter('math')" + TRAIN, losses).value()
    assert after > max(log)


def test_an_active_default_beside_another_is_restored():
    code = "model = get_peft_model(base, config)\nmodel.add_adapter('math', config)"
    log, after = run(SCRIPT + code + TRAIN, losses).value()
    assert after == min(log) < log[-1]


def test_loaded_by_hand_it_is_the_best():
    code = "model = get_peft_model(base, config, adapter_name='math')" + TRAIN
    by_hand = "best = os.path.join(trainer.state.best_model_checkpoint, 'math')\n"
    outcome = run(SCRIPT + code + by_hand + "model.load_adapter(best, 'math')", losses)
    log, after = outcome.value()
    assert after == min(log) < log[-1]


def losses(names):
    """Return the losses of the evaluations in the training, and that of one afterwards."""
    trainer = names["trainer"]
    log = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    return [round(loss, 4) for loss in log], round(trainer.evaluate()["eval_loss"], 4)
