"""PEF504: with a replaced state_dict older releases save an adapter of no weights."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits, saved_keys

pytestmark = pytest.mark.stack
OLDER = "peft-0.19"
IMPORTS = """
import types
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments
model = AutoModelForCausalLM.from_pretrained("base-model")
model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM"))
full = model.state_dict
"""
REPLACED = "model.state_dict = lambda *_, **__: get_peft_model_state_dict(model, full())\n"
SAVE = "model.save_pretrained('saved')\n"
TRAIN = """
rows = [{"input_ids": torch.tensor([5, 6, 7]), "labels": torch.tensor([5, 6, 7])}] * 4
arguments = TrainingArguments("out", max_steps=2, save_steps=1, report_to=[], use_cpu=True)
trainer = Trainer(model, arguments, train_dataset=rows)
trainer.train()
"""


def proof(example, use_instead):
    """Before 0.20 the example saves no weights; the fixed text does, and so does all since."""
    assert run(trained(example), reloaded, stack=OLDER).value() == [0, 0, "not trained"]
    assert run(trained(use_instead), reloaded, stack=OLDER).value() == [8, 0, "trained"]
    for text in (example, use_instead):
        assert run(trained(text), reloaded).value() == [8, 0, "trained"]


@pytest.mark.parametrize(
    "replaced",
    [
        REPLACED,
        "model.state_dict = types.MethodType("
        "lambda self, *_, **__: get_peft_model_state_dict(self, full()), model)\n",
        "weights = {k: v for k, v in model.named_parameters() if 'default' in k}\n"
        "model.state_dict = lambda *_, **__: get_peft_model_state_dict(model, weights, 'default')\n",
        "model.state_dict = (lambda self, *_, **__: get_peft_model_state_dict(self, full())"
        ").__get__(model, type(model)); model = torch.compile(model)\n",
    ],
)
def test_every_spelling_saves_nothing_before_0_20_and_all_since(replaced):
    assert run(IMPORTS + replaced + SAVE, saved, stack=OLDER).value() == [0]
    assert run(IMPORTS + replaced + SAVE, saved).value() == [8]


def test_checkpoints_of_a_trainer_and_what_it_saves_are_empty_too():
    code = IMPORTS + REPLACED + TRAIN + "trainer.save_model('saved')\n"
    assert run(code, saved_and_checkpoint, stack=OLDER).value() == [0, 0]
    assert run(code, saved_and_checkpoint).value() == [8, 8]
    without = code.replace(REPLACED, "")
    assert run(without, saved_and_checkpoint, stack=OLDER).value() == [8, 8]


@pytest.mark.parametrize(
    "code",
    [
        REPLACED + "model.state_dict = full\n" + SAVE,
        REPLACED + "del model.state_dict\n" + SAVE,
        REPLACED + "model.save_pretrained('saved', state_dict=full())\n",
    ],
)
def test_look_alikes_save_the_weights(code):
    assert run(IMPORTS + code, saved, stack=OLDER).value() == [8]


def test_who_reads_the_weights_gets_the_adapter_alone():
    assert run(IMPORTS + REPLACED + "read = model.state_dict()", names_read).value() == [8, True]


def test_without_the_old_weights_the_function_calls_itself():
    code = "model.state_dict = lambda *_, **__: get_peft_model_state_dict(model)\n" + SAVE
    for stack in (OLDER, "installed"):
        assert run(IMPORTS + code, stack=stack).exception.startswith("RecursionError")


def trained(text):
    """Return a script in which the adapter has weights before it is saved."""
    train = "from tests.proofs.harness.checkpoints import make_trained\nmake_trained(model)\n"
    return text.replace("model.save_pretrained(", f"{train}model.save_pretrained(")


def reloaded(names):
    """Return how many tensors were saved, and which of the two models loading them gives."""
    import peft
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained("base-model")
    of_base = logits(base)
    again = logits(peft.PeftModel.from_pretrained(base, "saved"))
    wanted = logits(names["model"].eval())
    assert difference(of_base, wanted) > 0.1
    distances = {"not trained": difference(again, of_base), "trained": difference(again, wanted)}
    nearest = min(distances, key=distances.get)
    return [len(saved_keys("saved")), distances[nearest], nearest]


def saved(names):
    return [len(saved_keys("saved"))]


def saved_and_checkpoint(names):
    return [len(saved_keys("saved")), len(saved_keys("out/checkpoint-1"))]


def names_read(names):
    return [len(names["read"]), all("default" not in name for name in names["read"])]
