"""PEF111: keywords that a PeftModel's methods accept have no effect, and nothing says so."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import trainable

IMPORTS = """
import os
import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
LOAD = 'model = PeftModel.from_pretrained(base, "my-adapter"'


def proof(example, use_instead):
    """The adapter stays frozen and nothing names the keyword; with the right one it trains."""
    outcome = run(example, number_trainable)
    assert outcome.value() == 0
    assert "trainble" not in outcome.stderr + outcome.stdout
    assert run(use_instead, number_trainable).value() == 8


def test_draft():
    proof(f"{IMPORTS}{LOAD}, is_trainble=True)", f"{IMPORTS}{LOAD}, is_trainable=True)")


@pytest.mark.parametrize(
    "keyword", ["is_trianable=True", "trainable=True", "is_training=True", "inference_mode=False"]
)
@pytest.mark.parametrize("call", [LOAD, f"{LOAD})\nmodel.load_adapter('my-other-adapter', 'new'"])
def test_other_words_for_is_trainable_leave_the_adapter_frozen(call, keyword):
    assert run(f"{IMPORTS}{call}, {keyword})", number_trainable).value() == 0


@pytest.mark.parametrize(
    "keyword",
    ["torch_dtype=torch.float16", "dtype=torch.float16", "load_in_8bit=True", "load_in_4bit=True"],
)
def test_the_base_keeps_what_it_was_loaded_with(keyword):
    outcome = run(f"{IMPORTS}{LOAD}, {keyword})", dtypes)
    assert outcome.value() == ["torch.float32"]
    assert keyword.partition("=")[0] not in outcome.stderr


def test_an_auto_class_passes_the_dtype_on():
    code = 'model = AutoPeftModelForCausalLM.from_pretrained("my-adapter", dtype=torch.float16)'
    assert "torch.float16" in run(IMPORTS + code, dtypes).value()


@pytest.mark.parametrize(
    ("save", "pushes"),
    [
        ('model.save_pretrained("out", push_to_hub=True, repo_id="me/mine")', False),
        ('model.push_to_hub(repo_id="me/mine")', True),
        ('model.merge_and_unload().save_pretrained("out", push_to_hub=True, repo_id="m/m")', True),
    ],
)
def test_what_pushes(save, pushes):
    # Whoever does reach for the hub is refused by its client, which is offline here.
    assert ("Offline" in run(f"{IMPORTS}{LOAD})\n{save}").exception) == pushes


@pytest.mark.parametrize(
    ("keyword", "rank"),
    [("convert_pissa_to_lora", 4), ("path_initial_model_for_weight_conversion", 8)],
)
def test_only_the_present_name_converts(keyword, rank):
    code = f"""
config = LoraConfig(task_type="CAUSAL_LM", r=4, init_lora_weights="pissa")
model = get_peft_model(base, config)
model.peft_config["default"].init_lora_weights = True
model.save_pretrained("initial")
model.peft_config["default"].init_lora_weights = "pissa"
model.save_pretrained("lora", {keyword}="initial")
"""
    assert run(IMPORTS + code, saved_rank).value() == rank


def test_a_misspelt_parameter_of_a_save_is_lost():
    code = f"{IMPORTS}{LOAD})\nmodel.save_pretrained('out', save_embedding_layer=True)"
    assert run(code, saves_embeddings).value() is False
    code = code.replace("embedding_layer=", "embedding_layers=")
    assert run(code, saves_embeddings).value() is True


def number_trainable(names):
    return len(trainable(names["model"]))


def dtypes(names):
    return sorted({str(parameter.dtype) for parameter in names["model"].parameters()})


def saved(folder):
    from safetensors.torch import load_file

    return load_file(f"{folder}/adapter_model.safetensors")


def saved_rank(names):
    return next(len(value) for name, value in saved("lora").items() if "lora_A" in name)


def saves_embeddings(names):
    return any("embed_tokens" in name for name in saved("out"))
