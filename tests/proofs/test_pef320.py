"""PEF320: all-linear adapts the head, and PEFT cannot wrap it for the task type any more."""

import pytest

from tests.proofs.harness import run

CODE = """
from peft import {config}, TaskType, get_peft_model
from transformers import {auto}
model = {auto}.from_pretrained("{checkpoint}", **{keywords})
model = get_peft_model(model, {config}(task_type="{task_type}", target_modules="all-linear"{more}))
"""
TOKENS = "AutoModelForTokenClassification"
SEQUENCES = "AutoModelForSequenceClassification"
QUESTIONS = "AutoModelForQuestionAnswering"
RAISING = [
    ("bert-base-uncased", TOKENS, "TOKEN_CLS", "classifier"),
    ("bert-base-uncased", SEQUENCES, "TOKEN_CLS", "classifier"),
    ("bert-base-uncased", QUESTIONS, "QUESTION_ANS", "qa_outputs"),
    ("roberta-base", TOKENS, "TOKEN_CLS", "classifier"),
    ("base-model", TOKENS, "TOKEN_CLS", "score"),
    ("base-model", SEQUENCES, "TOKEN_CLS", "score"),
    ("distilbert-base-uncased", TOKENS, "TOKEN_CLS", "classifier"),
    ("distilbert-base-uncased", SEQUENCES, "SEQ_CLS", "pre_classifier"),
]


def proof(example, use_instead):
    """PEFT raises; with the head named it is trained as a whole, and has no adapter."""
    outcome = run(example)
    assert outcome.exception.startswith("TypeError")
    assert "modules_to_save cannot be applied" in outcome.exception
    assert run(use_instead, head).value() == {"classifier": [True, False]}


def head(names):
    """Return name -> whether a module of the head is saved as a whole, and has an adapter."""
    found = {}
    for name, module in names["model"].base_model.model.named_children():
        whole = type(module).__name__ == "ModulesToSaveWrapper"
        adapted = any(hasattr(inner, "lora_A") for inner in module.modules())
        if not hasattr(module, "encoder") and not hasattr(module, "get_input_embeddings"):
            found[name] = [whole, adapted]
    found.pop("dropout", None)
    return found


def script(checkpoint, auto, task_type, more="", config="LoraConfig"):
    keywords = {} if auto == QUESTIONS else {"num_labels": 3}
    return CODE.format(
        config=config,
        auto=auto,
        checkpoint=checkpoint,
        keywords=keywords,
        task_type=task_type,
        more=more,
    )


@pytest.mark.parametrize(("checkpoint", "auto", "task_type", "name"), RAISING)
def test_heads_that_are_taken(checkpoint, auto, task_type, name):
    given = (checkpoint, auto, task_type)
    assert "modules_to_save cannot be applied" in run(script(*given)).exception
    assert "modules_to_save cannot" in run(script(*given, ", modules_to_save=['x']")).exception
    assert run(script(*given, f", modules_to_save=['{name}']")).exception == ""
    assert run(script(*given, f", exclude_modules=['{name}']")).exception == ""
    assert run(script(*given, f", exclude_modules='{name}'")).exception == ""


@pytest.mark.parametrize(
    ("checkpoint", "auto", "task_type"),
    [
        ("bert-base-uncased", SEQUENCES, "SEQ_CLS"),
        ("bert-base-uncased", TOKENS, "SEQ_CLS"),
        ("bert-base-uncased", TOKENS, "QUESTION_ANS"),
        ("roberta-base", SEQUENCES, "TOKEN_CLS"),
        ("roberta-base", SEQUENCES, "SEQ_CLS"),
        ("t5-small", SEQUENCES, "TOKEN_CLS"),
    ],
)
def test_heads_that_are_not(checkpoint, auto, task_type):
    assert run(script(checkpoint, auto, task_type)).exception == ""


@pytest.mark.parametrize("config", ["LoHaConfig", "IA3Config", "VeraConfig", "LNTuningConfig"])
def test_other_methods_raise_alike(config):
    more = ", feedforward_modules=[]" if config == "IA3Config" else ""
    code = script("bert-base-uncased", TOKENS, "TOKEN_CLS", more, config)
    assert "modules_to_save cannot be applied" in run(code).exception


def test_transformers_own_method_knows_no_task_type():
    code = script("bert-base-uncased", TOKENS, "TOKEN_CLS")
    native = code.replace("model = get_peft_model(model, ", "model.add_adapter(")
    assert native != code
    assert run(native).exception == ""


def test_a_config_that_met_another_model_before():
    first = script("roberta-base", SEQUENCES, "TOKEN_CLS")
    second = script("roberta-base", TOKENS, "TOKEN_CLS")
    call = "get_peft_model(model, LoraConfig("
    made = 'config = LoraConfig(task_type="TOKEN_CLS", target_modules="all-linear")\n'
    uses = [
        code.partition("model = get_peft_model")[0] + "model = get_peft_model(model, config)\n"
        for code in (first, second)
    ]
    assert call in first and call in second
    assert run("from peft import LoraConfig\n" + made + "".join(uses)).exception == ""
