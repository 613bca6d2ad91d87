"""What PEF301 adds to a config where `target_modules` reaches the head."""

import pytest

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.fixer import fix
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target

SCRIPT = """from peft import LoraConfig, TaskType, get_peft_model
from transformers import {model}

model = {model}.from_pretrained("{checkpoint}")
model = get_peft_model(model, LoraConfig(target_modules={targets}))
"""
BERT = ("AutoModelForTokenClassification", "bert-base-uncased")
DISTILBERT = ("AutoModelForSequenceClassification", "distilbert-base-uncased")


def fixed(model, checkpoint, targets):
    document = Document(
        "one.py", SCRIPT.format(model=model, checkpoint=checkpoint, targets=targets)
    )
    rules = tuple(rule for rule in all_rules() if rule.code == "PEF301")
    result = fix(document, lambda one: find(one, rules, Target()), unsafe=True)
    return result.document.text.splitlines()[-1]


@pytest.mark.parametrize(
    ("model", "targets", "added"),
    [
        (BERT, '["query"]', "task_type=TaskType.TOKEN_CLS"),
        (BERT, '"all-linear"', 'task_type=TaskType.TOKEN_CLS, modules_to_save=["classifier"]'),
        (
            BERT,
            '["query", "classifier"]',
            'task_type=TaskType.TOKEN_CLS, modules_to_save=["classifier"]',
        ),
        (BERT, '".*query"', 'task_type=TaskType.TOKEN_CLS, modules_to_save=["classifier"]'),
        (
            DISTILBERT,
            '"all-linear"',
            'task_type=TaskType.SEQ_CLS, modules_to_save=["pre_classifier", "classifier"]',
        ),
    ],
)
def test_a_head_that_may_be_adapted_is_named(model, targets, added):
    config = f"LoraConfig(target_modules={targets}, {added})"
    assert fixed(*model, targets) == f"model = get_peft_model(model, {config})"


def test_a_head_that_is_all_there_is_to_adapt_stays():
    line = 'model = get_peft_model(model, LoraConfig(target_modules=["classifier"]))'
    assert fixed(*BERT, '["classifier"]') == line
