"""PEF312: what prompt learning cannot do without, and what it does with less."""

import pytest

from tests.proofs.harness import run

IMPORTS = """
from peft import *
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("base-model")
"""
CLASSES = ("PromptTuningConfig", "PrefixTuningConfig", "PromptEncoderConfig", "CartridgeConfig")
TEXT = """
config = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3, {}
    prompt_tuning_init_text="one two three", tokenizer_name_or_path="base-model")
model = get_peft_model(model, config)
"""


def proof(example, use_instead):
    """No PeftModel comes of the example; in the fixed one the prompt is what is trained."""
    assert run(example).exception == "KeyError: None"
    assert run(use_instead, trained).value() == [8, 16]


@pytest.mark.parametrize("name", CLASSES)
def test_both_fields_are_needed(name):
    wrap = "get_peft_model(model, config)"
    without_type = f"config = {name}(num_virtual_tokens=4)\n{wrap}"
    assert run(IMPORTS + without_type).exception == "KeyError: None"
    without_number = f"config = {name}(task_type='CAUSAL_LM')\n{wrap}"
    assert "NoneType" in run(IMPORTS + without_number).exception
    both = f"config = {name}(task_type='CAUSAL_LM', num_virtual_tokens=4)\n{wrap}"
    assert not run(IMPORTS + both).exception


def test_a_trainer_of_trl_adds_no_type():
    code = """
import datasets
from trl import SFTConfig, SFTTrainer
rows = datasets.Dataset.from_dict({"input_ids": [[1, 5, 9]] * 4})
args = SFTConfig("out", max_steps=1, report_to=[], use_cpu=True, gradient_checkpointing=False)
SFTTrainer(model, args, train_dataset=rows, peft_config=PromptTuningConfig(num_virtual_tokens=4))
"""
    assert run(IMPORTS + code).exception == "KeyError: None"


def test_a_text_starts_a_prompt_only_where_the_start_says_so():
    assert run(IMPORTS + TEXT.format('prompt_tuning_init="TEXT",'), starts_as_text).value()
    assert run(IMPORTS + TEXT.format(""), starts_as_text).value() is False


@pytest.mark.parametrize("given", ["prompt_tuning_init_text='one'", "tokenizer_name_or_path='x'"])
def test_the_start_from_a_text_needs_text_and_tokenizer(given):
    code = f"PromptTuningConfig(num_virtual_tokens=4, prompt_tuning_init='TEXT', {given})"
    assert run(IMPORTS + code).exception.startswith("ValueError: When prompt_tuning_init='TEXT'")


def test_context_tokens_are_needed():
    without = "import torch\nmodel = get_peft_model(model, CPTConfig(task_type='CAUSAL_LM'))\n"
    call = "ids = torch.tensor([[1, 5, 9]])\nassert model(input_ids=ids, labels=ids).loss.isnan()"
    assert not run(IMPORTS + without + call).exception
    assert "only supports task_type" in run(IMPORTS + "CPTConfig()").exception


def test_the_class_of_the_model_can_say_the_task():
    code = "model = PeftModelForCausalLM(model, PromptTuningConfig(num_virtual_tokens=8))"
    assert run(IMPORTS + code, trained).value() == [8, 16]


def trained(names):
    (prompt,) = [p for p in names["model"].parameters() if p.requires_grad]
    return list(prompt.shape)


def starts_as_text(names):
    import torch
    from transformers import AutoTokenizer

    ids = AutoTokenizer.from_pretrained("base-model")("one two three").input_ids
    words = names["model"].get_input_embeddings()(torch.tensor(ids))
    prompt = names["model"].prompt_encoder["default"].embedding.weight
    return bool(torch.allclose(words, prompt))
