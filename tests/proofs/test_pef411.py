"""PEF411: a trainer of the base model trains the adapter in it, and saves a model that is broken."""

from pathlib import Path

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits
from tests.proofs.harness.training import LOUD, SETUP, changed, watch

WRAP = (
    "wrapped = get_peft_model(base, LoraConfig(task_type='CAUSAL_LM', init_lora_weights=False))\n"
)
KBIT = """
base = AutoModelForCausalLM.from_pretrained(
    "base-model", quantization_config=BitsAndBytesConfig(load_in_4bit=True))
"""
SAVE = """
trainer = Trainer({}, TrainingArguments(**options), train_dataset=rows)
trainer.train()
trainer.save_model("saved")
model = wrapped
"""


def proof(example, use_instead):
    """Two loads of what the example saves differ; the fixed text saves the trained adapter."""
    one, other = run(example, reloaded_twice).value()
    assert one > 0.01
    assert other > 0.01
    assert run(use_instead, reloaded).value() < 1e-5


def test_training_alone_works():
    code = SETUP + WRAP + "model = base\n"
    assert run(code + LOUD, changed, prepare=watch).value() == 8


@pytest.mark.parametrize("given", ["base", "wrapped.get_base_model()"])
def test_no_adapter_is_saved(given):
    files = run(SETUP + WRAP + SAVE.format(given), files_saved).value()
    assert "model.safetensors" in files
    assert not any("adapter" in name for name in files)


def test_a_trainer_that_is_made_before_the_wrap_saves_no_adapter_either():
    early = SAVE.format("base").replace("trainer.train()", WRAP + "trainer.train()")
    assert not any("adapter" in name for name in run(SETUP + early, files_saved).value())


def test_a_quantised_base_is_refused_and_its_peft_model_is_not():
    refused = run(SETUP + KBIT + WRAP + SAVE.format("base"))
    assert "purely quantized" in refused.exception
    files = run(SETUP + KBIT + WRAP + SAVE.format("wrapped"), files_saved).value()
    assert "adapter_model.safetensors" in files


def test_the_model_s_own_adapter_is_saved():
    native = SETUP + "base.add_adapter(LoraConfig(task_type='CAUSAL_LM')); wrapped = base\n"
    assert "adapter_model.safetensors" in run(native + SAVE.format("base"), files_saved).value()


def reloaded_twice(names):
    """Return how far two loads of the saved folder are from each other, and from the model."""
    from transformers import AutoModelForCausalLM

    one, other = (AutoModelForCausalLM.from_pretrained("saved").eval() for _ in range(2))
    trained = logits(names["model"].eval())
    return [difference(logits(one), logits(other)), difference(logits(one), trained)]


def reloaded(names):
    """Return how far the saved adapter on a fresh base is from the trained model."""
    from peft import AutoPeftModelForCausalLM

    again = AutoPeftModelForCausalLM.from_pretrained("saved")
    return difference(logits(again), logits(names["model"].eval()))


def files_saved(names):
    return sorted(path.name for path in Path("saved").iterdir())
