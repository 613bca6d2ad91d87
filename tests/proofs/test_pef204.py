"""PEF204: generate of a PeftModelForSeq2SeqLM takes keywords only."""

import pytest

from tests.proofs.harness import run

MODEL = """
import torch
from peft import *
from transformers import AutoModelForSeq2SeqLM
base = AutoModelForSeq2SeqLM.from_pretrained("t5-small")
ids = torch.tensor([[11, 42, 7]])
"""
ERROR = "TypeError: PeftModelForSeq2SeqLM.generate() takes 1 positional argument but 2 were given"
SEQ = 'LoraConfig(task_type="SEQ_2_SEQ_LM")'


def proof(example, use_instead):
    """The example raises; the fixed text generates as the plain model does."""
    assert run(example).exception == ERROR
    assert run(use_instead, as_the_plain_model).value()


@pytest.mark.parametrize(
    "model",
    [
        f"get_peft_model(base, {SEQ})",
        'get_peft_model(base, PrefixTuningConfig(task_type="SEQ_2_SEQ_LM", num_virtual_tokens=4))',
        'AutoPeftModelForSeq2SeqLM.from_pretrained("my-t5-adapter")',
        'PeftModel.from_pretrained(base, "my-t5-adapter")',
        "PeftModelForSeq2SeqLM(base, LoraConfig())",
    ],
)
def test_positions_raise(model):
    assert run(f"{MODEL}{model}.generate(ids)").exception == ERROR


@pytest.mark.parametrize(
    "call",
    [
        f"get_peft_model(base, {SEQ}).generate(input_ids=ids)",
        f"get_peft_model(base, {SEQ}).generate(inputs=ids)",
        f"get_peft_model(base, {SEQ}).base_model.generate(ids)",
        f"get_peft_model(base, {SEQ}).get_base_model().generate(ids)",
        f"get_peft_model(base, {SEQ}).merge_and_unload().generate(ids)",
        f"get_peft_model(base, {SEQ}, mixed=True).generate(ids)",
        f"PeftModel(base, {SEQ}).generate(ids)",
        "get_peft_model(base, LoraConfig()).generate(ids)",
        'get_peft_model(base, LoraConfig(task_type="CAUSAL_LM")).generate(ids)',
    ],
)
def test_these_generate(call):
    assert run(f"{MODEL}length = {call}.shape[1]", length).value() > 1


def length(names):
    return names["length"]


def as_the_plain_model(names):
    from transformers import AutoModelForSeq2SeqLM

    plain = AutoModelForSeq2SeqLM.from_pretrained("t5-small")
    expected = plain.generate(**names["inputs"], max_new_tokens=8)
    return expected.tolist() == names["output"].tolist()
