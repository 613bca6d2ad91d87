"""PEF422: a quantised model refuses casts, and a PeftModel around it does not."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.training import SETUP

KBIT = """
model = AutoModelForCausalLM.from_pretrained(
    "base-model", quantization_config=BitsAndBytesConfig(load_in_{}bit=True))
"""
WRAP = "model = get_peft_model(model, LoraConfig(task_type='CAUSAL_LM'))\n"
CASTS = ("half()", "to(torch.float16)", "to(dtype=torch.bfloat16)", "to('cpu', torch.float16)")


def proof(example, use_instead):
    """The cast raises; without it the model is loaded and can be used."""
    assert "is not supported for quantized model" in run(example).exception
    assert run(use_instead, is_quantised).value()


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("cast", [*CASTS, "float()"])
def test_a_plain_model_refuses_casts(bits, cast):
    assert "ValueError" in run(f"{SETUP}{KBIT.format(bits)}model.{cast}").exception


@pytest.mark.parametrize("call", ["bfloat16()", "to('cpu')", "cpu()"])
def test_a_plain_model_takes_these(call):
    assert not run(f"{SETUP}{KBIT.format(8)}model.{call}").exception


def test_only_an_8_bit_model_refuses_cuda_by_itself():
    assert "ValueError" in run(f"{SETUP}{KBIT.format(8)}model.cuda()").exception
    assert "ValueError" not in run(f"{SETUP}{KBIT.format(4)}model.cuda()").exception


@pytest.mark.parametrize("cast", CASTS)
def test_a_peft_model_casts_its_adapter(cast):
    before = run(f"{SETUP}{KBIT.format(4)}{WRAP}", dtypes_of_adapter).value()
    after = run(f"{SETUP}{KBIT.format(4)}{WRAP}model.{cast}", dtypes_of_adapter).value()
    assert before == ["torch.float32"]
    assert after in (["torch.float16"], ["torch.bfloat16"])


def is_quantised(names):
    return bool(names["model"].is_quantized)


def dtypes_of_adapter(names):
    named = names["model"].named_parameters()
    return sorted({str(parameter.dtype) for name, parameter in named if "lora_" in name})
