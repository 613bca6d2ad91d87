"""What is known of the modules of model families: their names, ends, ties and batch norms."""

import pytest

from peft_lint import knowledge
from peft_lint.knowledge import modules


def test_modules_that_a_config_decides():
    # The feed-forward layers of T5 are `wi`, those of its later versions `wi_0` and `wi_1`.
    assert modules.has_module("t5", "wi") is True
    assert modules.has_module("t5", "wi_0") is None
    assert modules.has_module("t5", "gate_proj") is False
    assert modules.has_module("opt", "project_in") is None
    # Its text model can be of any family.
    assert modules.modules("llava").chosen == ("text_config", "vision_config")
    assert modules.has_module("llava", "q_proj") is True
    assert modules.has_module("llava", "query_key_value") is None


def test_names_of_outermost_layers():
    names = modules.outermost()
    assert {"lm_head", "classifier", "embed_tokens", "proj_out"} <= names
    assert names.isdisjoint({"q_proj", "v_proj", "c_attn", "query", "value", "o_proj", "gate_proj"})


def test_embeddings_and_output_layers():
    assert modules.ends("gpt2") == {("wte", "lm_head")}
    assert modules.ends("no-such") == frozenset()
    assert {("embed_tokens", "lm_head"), ("embed_in", "embed_out")} <= modules.ends()


@pytest.mark.parametrize(
    ("family", "name", "lacks"),
    [
        ("gpt2", "embed_tokens", True),
        ("gpt2", "wte", False),
        ("llama", "lm_heads", True),
        ("llama", "head", False),
        ("llama", "model.embed_tokens", False),
        ("no-such", "wte", False),
        ("llava", "wte", False),
    ],
)
def test_names_that_end_no_name_of_a_family(family, name, lacks):
    assert modules.lacks_ending(family, name) is lacks


def test_batch_norms_of_classes():
    resnet = knowledge.batch_norms("resnet", "ImageClassification")
    assert "resnet.embedder.embedder.normalization" in resnet
    assert knowledge.batch_norms("vit", "ImageClassification") == ()
    assert knowledge.batch_norms(None, None) == ()
