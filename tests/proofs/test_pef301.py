"""PEF301: a new head that is neither trained nor saved is another random one after a reload."""

import pytest

from peft_lint.knowledge.loads import reported_heads
from tests.proofs.harness import run
from tests.proofs.harness.measures import reload_distance, the_model, trainable

IMPORTS = """
import transformers
from peft import LoraConfig, PeftModel, TaskType, get_peft_model, inject_adapter_in_model
"""
EXAMPLE = (
    IMPORTS
    + """
model = transformers.AutoModelForSequenceClassification.from_pretrained(
    "bert-base-uncased", num_labels=3)
model = get_peft_model(model, LoraConfig())
"""
)
SEQ, TOKEN, QA = (
    f"AutoModelFor{head}"
    for head in ("SequenceClassification", "TokenClassification", "QuestionAnswering")
)
IMAGE, AUDIO = "AutoModelForImageClassification", "AutoModelForAudioClassification"
BERT, DEBERTA, VIT = (
    "bert-base-uncased",
    "microsoft/deberta-v3-base",
    "google/vit-base-patch16-224-in21k",
)
# class, id, keywords of LoraConfig, whether the reloaded model is another one
ROWS = [
    (SEQ, BERT, "", True),
    (SEQ, BERT, "task_type='SEQ_CLS'", False),
    (SEQ, BERT, "task_type=TaskType.SEQ_CLS", False),
    (SEQ, BERT, "task_type='TOKEN_CLS'", False),
    (SEQ, BERT, "modules_to_save=['classifier']", False),
    (SEQ, BERT, "modules_to_save=['sifier']", False),
    (SEQ, BERT, "modules_to_save=['no_such_head']", True),
    (SEQ, BERT, "task_type='FEATURE_EXTRACTION'", True),
    (SEQ, BERT, "task_type='QUESTION_ANS'", True),
    (SEQ, BERT, "target_modules=['query', 'classifier']", True),
    (SEQ, BERT, "target_modules='all-linear'", True),
    (TOKEN, BERT, "", True),
    (TOKEN, BERT, "task_type='TOKEN_CLS'", False),
    (TOKEN, BERT, "task_type='SEQ_CLS'", False),
    (QA, BERT, "", True),
    (QA, BERT, "task_type='QUESTION_ANS'", False),
    (QA, BERT, "task_type='SEQ_CLS'", True),
    (QA, BERT, "modules_to_save=['qa_outputs']", False),
    (SEQ, "base-model", "", True),
    (SEQ, "base-model", "task_type='SEQ_CLS'", False),
    (SEQ, "base-model", "modules_to_save=['score']", False),
    (TOKEN, "base-model", "task_type='TOKEN_CLS'", False),
    (SEQ, "gpt2", "fan_in_fan_out=True", True),
    (SEQ, "gpt2", "fan_in_fan_out=True, task_type='SEQ_CLS'", False),
    (SEQ, "roberta-base", "", True),
    (SEQ, "roberta-base", "task_type='SEQ_CLS'", False),
    (SEQ, "distilbert-base-uncased", "target_modules=['q_lin']", True),
    (SEQ, "distilbert-base-uncased", "target_modules=['q_lin'], task_type='SEQ_CLS'", False),
    (SEQ, DEBERTA, "", True),
    (SEQ, DEBERTA, "task_type='SEQ_CLS'", True),
    (SEQ, DEBERTA, "task_type='SEQ_CLS', modules_to_save=['pooler']", False),
    (TOKEN, DEBERTA, "task_type='TOKEN_CLS'", False),
    (SEQ, "t5-small", "", True),
    (SEQ, "t5-small", "task_type='SEQ_CLS'", True),
    (SEQ, "t5-small", "modules_to_save=['classification_head']", False),
    (SEQ, "t5-small", "task_type='SEQ_CLS', modules_to_save=['classification_head']", False),
    (IMAGE, VIT, "target_modules=['q_proj']", True),
    (IMAGE, VIT, "target_modules=['q_proj'], modules_to_save=['classifier']", False),
    (IMAGE, VIT, "target_modules=['q_proj'], task_type='SEQ_CLS'", False),
    (AUDIO, "facebook/wav2vec2-base", "target_modules=['q_proj']", True),
    (AUDIO, "facebook/wav2vec2-base", "target_modules=['q_proj'], modules_to_save=['classifier']",
     True),
    (AUDIO, "facebook/wav2vec2-base",
     "target_modules=['q_proj'], modules_to_save=['projector', 'classifier']", False),
]  # fmt: skip


def proof(example, use_instead):
    """What is saved and loaded again is another classifier; after the fix, it is the same."""
    assert run(example, reloaded).value() > 0.01
    assert run(use_instead, reloaded).value() == 0


def test_draft():
    proof(EXAMPLE, EXAMPLE.replace("LoraConfig()", "LoraConfig(task_type=TaskType.SEQ_CLS)"))


@pytest.mark.parametrize(("auto_class", "name", "keywords", "lost"), ROWS)
def test_head_table(auto_class, name, keywords, lost):
    code = f"""{IMPORTS}
model = transformers.{auto_class}.from_pretrained({name!r})
model = get_peft_model(model, LoraConfig({keywords}))
"""
    distance = run(code, reloaded).value()
    assert distance > 0.001 if lost else distance == 0, distance


@pytest.mark.parametrize(
    ("keywords", "lost"),
    [
        ("", True),
        ("task_type='SEQ_CLS'", True),
        ("modules_to_save=['classifier']", False),
        ("task_type='SEQ_CLS', modules_to_save=['classifier']", False),
    ],
)
def test_the_task_type_does_nothing_in_add_adapter(keywords, lost):
    code = f"""{IMPORTS}
model = transformers.{SEQ}.from_pretrained("bert-base-uncased")
model.add_adapter(LoraConfig(target_modules=["query"], {keywords}))
"""
    distance = run(code, reloaded).value()
    assert distance > 0.001 if lost else distance == 0, distance


@pytest.mark.parametrize(
    "wrap",
    [
        "model.add_adapter(config)",
        "inject_adapter_in_model(config, model)",
        "model = PeftModel(model, config)",
    ],
)
def test_without_a_task_wrapper_the_head_stays_frozen(wrap):
    code = f"""{IMPORTS}
model = transformers.{SEQ}.from_pretrained("bert-base-uncased")
config = LoraConfig(task_type="SEQ_CLS")
{wrap}
"""
    assert not any("classifier" in name for name in run(code, what_trains).value())


def test_the_class_of_a_task_adds_the_head_whatever_the_config_says():
    code = f"""{IMPORTS}
from peft import PeftModelForSequenceClassification
model = transformers.{SEQ}.from_pretrained("bert-base-uncased")
model = PeftModelForSequenceClassification(model, LoraConfig())
"""
    assert any("classifier" in name for name in run(code, what_trains).value())


@pytest.mark.parametrize("task", ["CAUSAL_LM", "SEQ_2_SEQ_LM"])
def test_generation_types_do_not_wrap_a_classifier(task):
    code = EXAMPLE.replace("LoraConfig()", f"LoraConfig(task_type={task!r})")
    assert "prepare_inputs_for_generation" in run(code).exception


@pytest.mark.parametrize("task", ["TOKEN_CLS", "QUESTION_ANS"])
def test_all_linear_meets_the_head_of_these_tasks(task):
    head = {"TOKEN_CLS": TOKEN, "QUESTION_ANS": QA}[task]
    code = f"""{IMPORTS}
model = transformers.{head}.from_pretrained("bert-base-uncased")
model = get_peft_model(model, LoraConfig(task_type={task!r}, target_modules="all-linear"))
"""
    assert "modules_to_save cannot be applied" in run(code).exception


@pytest.mark.parametrize(
    ("auto_class", "name", "heads"),
    [
        (SEQ, BERT, ("classifier",)),
        (SEQ, DEBERTA, ("classifier", "pooler")),
        (QA, BERT, ("qa_outputs",)),
        (IMAGE, VIT, ("classifier",)),
    ],
)
def test_what_a_load_prints_names_the_new_head(auto_class, name, heads):
    code = f"import transformers\ntransformers.{auto_class}.from_pretrained({name!r})"
    printed = run(code).stderr
    task = auto_class.removeprefix("AutoModelFor")
    assert sorted(reported_heads(printed, task, name) or ()) == sorted(heads), printed
    assert reported_heads(printed, task, "another/checkpoint") is None
    assert reported_heads(printed, "TokenClassification", name) is None


def reloaded(names):
    return reload_distance(the_model(names))


def what_trains(names):
    return trainable(names["model"])
