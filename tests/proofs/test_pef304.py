"""PEF304: values that PEFT refuses, and those that it takes for something else."""

import pytest

from tests.proofs.harness import run

START = """
from peft import LoraConfig, PromptEncoderConfig, PromptTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("base-model")
"""


def proof(example, use_instead):
    """The config cannot be made; with the right word the model is one that generates."""
    outcome = run(example)
    assert outcome.exception.startswith("ValueError: Invalid task type: 'CAUSAL_LLM'")
    assert run(use_instead, wrapper).value() == "PeftModelForCausalLM"


def wrapper(names):
    return type(names["model"]).__name__


def wrapped(config, measure=wrapper):
    return run(f"{START}config = {config}\nmodel = get_peft_model(model, config)", measure)


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ("LoraConfig(task_type='seq_cls')", "ValueError: Invalid task type"),
        ("LoraConfig(task_type='IMAGE_CLASSIFICATION')", "ValueError: Invalid task type"),
        ("LoraConfig(bias='lora-only')", "NotImplementedError: Requested bias"),
        ("LoraConfig(bias=None)", "AttributeError"),
        ("LoraConfig(bias=False)", "AttributeError"),
        ("LoraConfig(bias=True)", "AttributeError"),
        ("LoraConfig(init_lora_weights='PISSA')", "ValueError: Unknown initialization"),
        ("LoraConfig(init_lora_weights='gausian')", "ValueError: Unknown initialization"),
        ("LoraConfig(init_lora_weights='kaiming')", "ValueError: Unknown initialization"),
        ("LoraConfig(r='8')", "TypeError"),
        ("LoraConfig(lora_alpha='16')", "TypeError"),
        ("LoraConfig(r=8.0)", "TypeError"),
        ("LoraConfig(r=0)", "ValueError: `r` should be a positive integer"),
        ("LoraConfig(lora_dropout=5)", "ValueError: dropout probability"),
        (
            "PromptEncoderConfig(task_type='CAUSAL_LM', num_virtual_tokens=2,"
            " encoder_reparameterization_type='mlp')",
            "ValueError: Prompt encoder type not recognized",
        ),
    ],
)
def test_values_that_are_refused(config, error):
    assert wrapped(config).exception.startswith(error)


@pytest.mark.parametrize(
    "config",
    [
        "LoraConfig(init_lora_weights='Gaussian')",
        "LoraConfig(init_lora_weights='OLORA')",
        "LoraConfig(init_lora_weights='pissa_niter_4')",
        "LoraConfig(init_lora_weights='lora_ga')",
        "LoraConfig(init_lora_weights=None)",
        "LoraConfig(lora_alpha=16.5, lora_dropout=0, bias='all')",
        "LoraConfig(task_type=None)",
        "PromptTuningConfig(task_type='CAUSAL_LM', num_virtual_tokens=2,"
        " prompt_tuning_init='random')",
    ],
)
def test_values_that_look_wrong_and_are_not(config):
    assert wrapped(config).value().startswith("PeftModel")


def test_a_prompt_in_lower_case_ignores_its_text():
    def config(start):
        return (
            "PromptTuningConfig(task_type='CAUSAL_LM', num_virtual_tokens=2,"
            f" prompt_tuning_init='{start}', prompt_tuning_init_text='a text',"
            " tokenizer_name_or_path='base-model')"
        )

    assert wrapped(config("TEXT"), starts_as_a_token).value() is True
    assert wrapped(config("text"), starts_as_a_token).value() is False


def starts_as_a_token(names):
    tokens = names["model"].get_base_model().get_input_embeddings().weight
    prompt = names["model"].prompt_encoder["default"].embedding.weight
    return any(bool((prompt[0] == token).all()) for token in tokens)


def test_a_negative_dropout_is_none():
    assert wrapped("LoraConfig(lora_dropout=-0.1)", dropouts).value() == ["Identity"]


def dropouts(names):
    found = (m for n, m in names["model"].named_modules() if n.endswith("lora_dropout.default"))
    return sorted({type(module).__name__ for module in found})
