"""PEF309: what PEFT does with names of modules that are wrong, and with a head among targets."""

import pytest

from peft_lint import knowledge
from peft_lint.knowledge.modules import ends, lacks_ending
from tests.proofs.harness import run

CODE = """
from peft import LoraConfig, get_peft_model
from transformers import {auto}
model = {auto}.from_pretrained("{checkpoint}")
model = get_peft_model(model, LoraConfig({arguments}))
"""
CAUSAL = "AutoModelForCausalLM"
SEQUENCES = "AutoModelForSequenceClassification"
TOKENS = "AutoModelForTokenClassification"
QUESTIONS = "AutoModelForQuestionAnswering"
DEAD = [
    ("base-model", CAUSAL, ["lm_head.weight"]),
    ("base-model", CAUSAL, [".*head", "^lm_head$", "lm_head|embed_tokens", "*head"]),
    ("base-model", CAUSAL, ["lm_head, embed_tokens"]),
    ("base-model", CAUSAL, ["lm_head "]),
    ("base-model", CAUSAL, ["lm_heads", "embed_token", "wte", "embed_out"]),
    ("gpt2", CAUSAL, ["embed_tokens", "word_embeddings", "classifier_head"]),
    ("bert-base-uncased", SEQUENCES, ["clasifier", "score", "embed_tokens"]),
    ("t5-small", SEQUENCES, ["score"]),
]
ALIVE = [
    ("base-model", CAUSAL, ["head"], ["lm_head"]),
    ("base-model", CAUSAL, ["lm_head", "embed_tokens.weight"], ["lm_head"]),
    ("base-model", CAUSAL, ["model.embed_tokens"], ["model.embed_tokens"]),
    ("base-model", CAUSAL, ["embed_tokens", "wte"], ["model.embed_tokens"]),
    ("gpt2", CAUSAL, ["wte"], ["transformer.wte"]),
]
RAISING = [
    ("bert-base-uncased", TOKENS, "TOKEN_CLS", ["query", "classifier"]),
    ("bert-base-uncased", SEQUENCES, "TOKEN_CLS", ["query", "classifier"]),
    ("bert-base-uncased", QUESTIONS, "QUESTION_ANS", ["query", "qa_outputs"]),
    ("base-model", TOKENS, "TOKEN_CLS", ["q_proj", "score"]),
    ("distilbert-base-uncased", SEQUENCES, "SEQ_CLS", ["q_lin", "pre_classifier"]),
]


def proof(example, use_instead):
    """Nothing but adapters is trained, and nothing says so; then the head is, and is saved."""
    outcome = run(example, saved)
    assert outcome.value() == []
    assert "lm_head" not in outcome.stdout + outcome.stderr
    assert run(use_instead, saved).value() == ["lm_head"]


def saved(names):
    """Return the modules that are trained and saved as a whole."""
    modules = names["model"].base_model.model.named_modules()
    return [name for name, module in modules if type(module).__name__ == "ModulesToSaveWrapper"]


def script(checkpoint, auto, **arguments):
    given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return CODE.format(auto=auto, checkpoint=checkpoint, arguments=given)


def targets(checkpoint):
    return {"gpt2": ["c_attn"], "t5-small": ["q"], "base-model": ["q_proj"]}.get(
        checkpoint, ["query"]
    )


@pytest.mark.parametrize(("checkpoint", "auto", "names"), DEAD)
def test_names_that_end_no_name(checkpoint, auto, names):
    given = {"target_modules": targets(checkpoint), "modules_to_save": names}
    assert run(script(checkpoint, auto, **given), saved).value() == []


@pytest.mark.parametrize(("checkpoint", "auto", "names", "found"), ALIVE)
def test_names_that_end_one(checkpoint, auto, names, found):
    given = {"target_modules": targets(checkpoint), "modules_to_save": names}
    assert run(script(checkpoint, auto, **given), saved).value() == found


@pytest.mark.parametrize(("checkpoint", "auto", "task_type", "names"), RAISING)
def test_a_head_among_the_targets(checkpoint, auto, task_type, names):
    given = {"task_type": task_type, "target_modules": names}
    assert "modules_to_save cannot" in run(script(checkpoint, auto, **given)).exception
    without = given | {"target_modules": names[:-1]}
    head = run(script(checkpoint, auto, **without), saved).value()
    assert names[-1] in head


def test_the_task_type_saves_the_head_all_the_same():
    given = {"task_type": "SEQ_CLS", "modules_to_save": ["classifier.weight"]}
    assert run(script("bert-base-uncased", SEQUENCES, **given), saved).value() == ["classifier"]
    given = {"task_type": "SEQ_CLS", "target_modules": ["query", "classifier"]}
    assert run(script("bert-base-uncased", SEQUENCES, **given), saved).value() == ["classifier"]


@pytest.mark.parametrize(
    ("checkpoint", "auto"),
    [
        ("gpt2", CAUSAL),
        ("base-model", CAUSAL),
        ("bert-base-uncased", SEQUENCES),
        ("distilbert-base-uncased", TOKENS),
        ("roberta-base", QUESTIONS),
        ("microsoft/deberta-v3-base", SEQUENCES),
        ("t5-small", "AutoModelForSeq2SeqLM"),
        ("google/vit-base-patch16-224-in21k", "AutoModelForImageClassification"),
        ("facebook/wav2vec2-base", "AutoModelForAudioClassification"),
    ],
)
def test_what_a_family_is_said_to_lack_ends_no_name(checkpoint, auto):
    there = run(script(checkpoint, auto, target_modules="all-linear"), every_name).value()
    family = "llama" if checkpoint == "base-model" else knowledge.family(checkpoint)
    known = {name for pair in ends() for name in pair} | knowledge.head_names()
    lacking = [name for name in known if lacks_ending(family, name)]
    assert len(lacking) > 20
    assert [name for name in lacking if any(one.endswith(name) for one in there)] == []


def every_name(names):
    return [name for name, _ in names["model"].base_model.model.named_modules() if name]
