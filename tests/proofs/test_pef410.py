"""PEF410: a quantised model without an adapter is refused by trainers, and hardly trained by loops."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.training import LOOP, LOUD, SETUP, changed, watch

KBIT = """
model = AutoModelForCausalLM.from_pretrained(
    "base-model", quantization_config=BitsAndBytesConfig(load_in_{}bit=True))
"""
REFUSED = "You cannot perform fine-tuning on purely quantized models"


def proof(example, use_instead):
    """The trainer raises as it is made; with an adapter it trains to the end."""
    assert REFUSED in run(example).exception
    assert run(use_instead, losses).value()


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize(
    "code",
    [
        "Trainer(model, TrainingArguments(**options), train_dataset=rows)",
        "Trainer(model, TrainingArguments(**options), eval_dataset=rows).evaluate()",
        "SFTTrainer(model, SFTConfig(bf16=False, **options), train_dataset=rows)",
        "model = prepare_model_for_kbit_training(model); "
        "Trainer(model, TrainingArguments(**options), train_dataset=rows)",
        "model = get_peft_model(model, LoraConfig(task_type='CAUSAL_LM')).unload(); "
        "Trainer(model, TrainingArguments(**options), train_dataset=rows)",
    ],
)
def test_trainers_refuse_it(bits, code):
    assert REFUSED in run(SETUP + KBIT.format(bits) + code).exception


def test_trainers_take_what_has_an_adapter():
    wrap = "model = get_peft_model(model, LoraConfig(task_type='CAUSAL_LM'))"
    native = "model.add_adapter(LoraConfig(task_type='CAUSAL_LM'))"
    for code in (wrap, native):
        assert run(SETUP + KBIT.format(4) + code + LOUD, changed, prepare=watch).value() > 0


@pytest.mark.parametrize("bits", [4, 8])
def test_an_own_loop_trains_what_is_not_quantised(bits):
    names = run(SETUP + KBIT.format(bits) + LOOP, names_changed, prepare=watch).value()
    assert len(names) == 7
    assert all("norm" in name or "embed" in name or "lm_head" in name for name in names)


def test_an_own_loop_trains_nothing_of_a_prepared_model():
    code = SETUP + KBIT.format(4) + "model = prepare_model_for_kbit_training(model)\n"
    assert run(code + LOOP, names_changed, prepare=watch).value() == []


def losses(names):
    return [row["train_loss"] for row in names["trainer"].state.log_history if "train_loss" in row]


def names_changed(names):
    return [name for name in names["__watched__"] if changed(names, name)]
