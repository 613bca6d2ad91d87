"""PEF113: heads of another size raise; other classes raise, or none of the weights is found."""

import pytest

from tests.proofs.harness import run

IMPORTS = """
import warnings
from peft import *
from transformers import (AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM, AutoModelForSequenceClassification, AutoModelForTokenClassification)
"""
BERT = '"bert-base-uncased"'


def proof(example, use_instead):
    """The example raises about the size of the head; the fixed text has the trained head."""
    exception = run(example).exception
    assert exception.startswith("RuntimeError")
    assert "size mismatch for base_model.model.classifier" in exception
    assert run(use_instead, labels).value() == 5


def saved(auto, name, task_type, words=""):
    kind = "None" if task_type is None else f'"{task_type}"'
    return IMPORTS + (
        f"base = {auto}.from_pretrained({name}{words})\n"
        f"trained = get_peft_model(base, LoraConfig(task_type={kind}, init_lora_weights=False))\n"
        'trained.save_pretrained("saved")\n'
    )


def loaded(auto, name, words=""):
    return f'model = PeftModel.from_pretrained({auto}.from_pretrained({name}{words}), "saved")\n'


CLASSIFIER = saved("AutoModelForSequenceClassification", BERT, "SEQ_CLS", ", num_labels=3")


@pytest.mark.parametrize(
    "load",
    [
        loaded("AutoModelForSequenceClassification", BERT),
        loaded("AutoModelForSequenceClassification", BERT, ', label2id={"a": 0, "b": 1, "c": 2}'),
        'model = AutoPeftModelForSequenceClassification.from_pretrained("saved")',
        f"model = AutoModelForSequenceClassification.from_pretrained({BERT})\n"
        'model.load_adapter("saved")',
    ],
)
def test_a_head_of_another_size_raises(load):
    assert run(CLASSIFIER + load).exception.startswith("RuntimeError")


@pytest.mark.parametrize(
    "load",
    [
        loaded("AutoModelForSequenceClassification", BERT, ', id2label={0: "a", 1: "b", 2: "c"}'),
        'model = AutoPeftModelForSequenceClassification.from_pretrained("saved", num_labels=3)',
    ],
)
def test_a_head_of_the_same_size_loads(load):
    assert run(CLASSIFIER + load, labels).value() == 3


@pytest.mark.parametrize("now", ["AutoModel", "AutoModelForSequenceClassification"])
@pytest.mark.parametrize(
    ("before", "name", "task_type"),
    [
        ("AutoModelForCausalLM", '"base-model"', "CAUSAL_LM"),
        ("AutoModelForSeq2SeqLM", '"t5-small"', "SEQ_2_SEQ_LM"),
    ],
)
def test_an_adapter_of_a_model_that_generates_raises_on_another(before, name, task_type, now):
    code = saved(before, name, task_type) + loaded(now, name)
    assert "prepare_inputs_for_generation" in run(code).exception


def test_the_class_for_another_task_raises():
    code = 'model = AutoPeftModelForTokenClassification.from_pretrained("saved")'
    assert "Expected target PEFT class" in run(CLASSIFIER + code).exception


@pytest.mark.parametrize(
    ("before", "now", "name", "task_type"),
    [
        ("AutoModelForCausalLM", "AutoModel", '"base-model"', None),
        ("AutoModel", "AutoModelForCausalLM", '"base-model"', None),
        ("AutoModelForSequenceClassification", "AutoModel", BERT, "SEQ_CLS"),
        ("AutoModelForTokenClassification", "AutoModel", '"base-model"', "TOKEN_CLS"),
        ("AutoModelForMaskedLM", "AutoModel", BERT, None),
        ("AutoModel", "AutoModelForMaskedLM", BERT, "FEATURE_EXTRACTION"),
    ],
)
def test_between_a_bare_model_and_one_with_a_head_nothing_is_found(before, now, name, task_type):
    assert run(saved(before, name, task_type) + loaded(now, name), found).value() == 0


@pytest.mark.parametrize(
    ("before", "now", "name", "task_type"),
    [
        ("AutoModelForMaskedLM", "AutoModelForSequenceClassification", BERT, None),
        ("AutoModelForSequenceClassification", "AutoModelForMaskedLM", BERT, "SEQ_CLS"),
        ("AutoModelForSeq2SeqLM", "AutoModel", '"t5-small"', None),
    ],
)
def test_these_find_the_adapter_s_weights(before, now, name, task_type):
    assert run(saved(before, name, task_type) + loaded(now, name), found).value() > 0


def test_a_peft_model_s_own_load_says_nothing_of_what_it_does_not_find():
    code = saved("AutoModelForMaskedLM", BERT, None) + (
        f"model = get_peft_model(AutoModel.from_pretrained({BERT}), LoraConfig())\n"
        "with warnings.catch_warnings(record=True) as warned:\n"
        "    warnings.simplefilter('always')\n"
        "    result = model.load_adapter('saved', 'second')\n"
    )
    missing, told = run(code, what_it_says).value()
    assert missing > 0
    assert not told
    assert run(code, found).value() == 0


def what_it_says(names):
    told = [str(one.message) for one in names["warned"] if "issing" in str(one.message)]
    return [len(names["result"].missing_keys), told]


def labels(names):
    return names["model"].config.num_labels


def found(names):
    """Return how many of the trained matrices are in the loaded model, wherever it has them."""
    before, now = ([*lora(names[name])] for name in ("trained", "model"))
    return sum(any(one.shape == two.shape and (one == two).all() for two in now) for one in before)


def lora(model):
    return (value for name, value in model.state_dict().items() if "lora_B" in name)
