"""PEF501: after a merge whose result is dropped, the wrapper saves no tensor."""

from pathlib import Path

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits, saved_keys

IMPORTS = """
from peft import AutoPeftModelForCausalLM, LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM
model = AutoPeftModelForCausalLM.from_pretrained("my-adapter")
"""
TRAINER = """
from transformers import Trainer, TrainingArguments
trainer = Trainer(model=model, args=TrainingArguments("out", report_to=[], use_cpu=True))
"""


def proof(example, use_instead):
    """The example saves nothing, which loads as the base; the fixed text the trained model."""
    assert run(example, tensors_in_merged).value() == []
    assert run(example, loaded_from_base).value() == 0
    assert run(use_instead, loaded_from_trained).value() < 1e-4


@pytest.mark.parametrize(
    "code",
    [
        "model.merge_and_unload(); model.save_pretrained('merged')",
        "model.eval().merge_and_unload(); model.save_pretrained('merged')",
        TRAINER + "model.merge_and_unload(); trainer.save_model('merged')",
    ],
)
def test_the_wrapper_saves_no_tensor(code):
    assert run(IMPORTS + code, tensors_in_merged).value() == []


def test_the_wrapper_still_answers_as_the_trained_model():
    assert run(IMPORTS + "model.merge_and_unload()", model_from_trained).value() < 1e-4


@pytest.mark.parametrize(
    "what", ["model.base_model", "model.base_model.model", "model.get_base_model()"]
)
def test_the_base_inside_saves_the_merged_model(what):
    code = f"model.merge_and_unload(); {what}.save_pretrained('merged')"
    assert run(IMPORTS + code, loaded_from_trained).value() < 1e-4


def test_an_adapter_on_the_wrapper_has_keys_with_one_prefix_too_many():
    code = (
        "model.merge_and_unload()\n"
        "model = get_peft_model(model, LoraConfig(task_type='CAUSAL_LM'))\n"
        "model.save_pretrained('merged')"
    )
    keys = run(IMPORTS + code, tensors_in_merged).value()
    assert keys
    assert all(key.startswith("base_model.model.base_model.model.") for key in keys)


@pytest.mark.parametrize(("name", "found"), [("other", True), ("default", False)])
def test_another_adapter_that_is_loaded_into_the_wrapper_is_saved_by_its_own_name(name, found):
    code = (
        f"model.merge_and_unload(); model.load_adapter('my-other-adapter', '{name}')\n"
        "model.save_pretrained('merged')"
    )
    measure = tensors_in_other if found else tensors_in_merged
    assert bool(run(IMPORTS + code, measure).value()) == found


def tensors_in_merged(names):
    return saved_keys("merged")


def tensors_in_other(names):
    return saved_keys("merged/other")


def loaded_from_base(names):
    from transformers import AutoModelForCausalLM

    plain = AutoModelForCausalLM.from_pretrained("base-model")
    return difference(logits(load("merged")), logits(plain))


def loaded_from_trained(names):
    return difference(logits(load("merged")), logits(load("my-adapter")))


def model_from_trained(names):
    return difference(logits(names["model"].eval()), logits(load("my-adapter")))


def load(folder):
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoModelForCausalLM

    if (Path(folder) / "model.safetensors").exists():
        return AutoModelForCausalLM.from_pretrained(folder)
    return AutoPeftModelForCausalLM.from_pretrained(folder)
