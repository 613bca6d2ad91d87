"""PEF308: a str in `modules_to_save` trains whatever ends in its letters, or raises."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import reload_distance, trainable

SCRIPT = """
from peft import IA3Config, LoraConfig, LoKrConfig, OFTConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
model = AutoModelForCausalLM.from_pretrained("base-model")
"""
CLASSIFIER = SCRIPT + (
    'model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")\n'
)


def proof(example, use_instead):
    """The example trains the whole model and saves what cannot be loaded."""
    whole, fixed = (run(code, trained).value() for code in (example, use_instead))
    assert whole > 3 * fixed
    assert run(example, reloaded).exception.startswith("KeyError")
    assert run(use_instead, reloaded).value() == 0


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ('LoraConfig(modules_to_save="classifier", task_type="SEQ_CLS")', "AttributeError: 'str'"),
        ('LoraConfig(modules_to_save=("classifier",), task_type="SEQ_CLS")', "AttributeError"),
        ('LoraConfig(modules_to_save={"classifier"}, task_type="TOKEN_CLS")', "AttributeError"),
        ('LoraConfig(modules_to_save=("qa_outputs",), task_type="QUESTION_ANS")', "AttributeError"),
        ('LoraConfig(modules_to_save="classifier")', "TypeError: modules_to_save cannot"),
        ("LoraConfig(modules_to_save=[None])", "AttributeError: 'NoneType'"),
    ],
)
def test_these_raise_on_a_classifier(given, error):
    code = f"model = get_peft_model(model, {given})"
    assert run(CLASSIFIER + code).exception.startswith(error)


@pytest.mark.parametrize(
    "code",
    [
        "get_peft_model(model, IA3Config(modules_to_save='lm_head'))",
        "get_peft_model(model, LoKrConfig(target_modules=['q_proj'], modules_to_save='lm_head'))",
    ],
)
def test_other_methods_raise(code):
    assert run(SCRIPT + code).exception.startswith("TypeError: modules_to_save cannot")


@pytest.mark.parametrize(
    "code",
    [
        "model = get_peft_model(model, OFTConfig(target_modules=['q_proj'], {}))",
        "model.add_adapter(LoraConfig({}))",
    ],
)
def test_the_whole_model_is_trained_in_other_ways_too(code):
    wrong = run(SCRIPT + code.format("modules_to_save='lm_head'"), trained).value()
    assert wrong > 2 * run(SCRIPT + code.format("modules_to_save=['lm_head']"), trained).value()


def test_the_none_of_append_saves_nothing_beside_the_adapter():
    code = "model = get_peft_model(model, LoraConfig(modules_to_save=['lm_head'].append('norm')))"
    assert all("lora_" in name for name in run(SCRIPT + code, names).value())


def test_a_tuple_works_where_no_task_type_adds_a_head():
    code = "model = get_peft_model(model, LoraConfig(modules_to_save=('lm_head',)))"
    assert any("lm_head" in name for name in run(SCRIPT + code, names).value())
    code = "model.add_adapter(LoraConfig(modules_to_save=('classifier',), task_type='SEQ_CLS'))"
    assert any("classifier" in name for name in run(CLASSIFIER + code, names).value())


def names(namespace):
    return trainable(namespace["model"])


def trained(namespace):
    return sum(p.numel() for p in namespace["model"].parameters() if p.requires_grad)


def reloaded(namespace):
    return reload_distance(namespace["model"])
