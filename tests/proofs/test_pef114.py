"""PEF114: statements that look as if they switched the model, and change nothing."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, distance_to_base, logits, spread, the_model

IMPORTS = """
from peft import LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
LOADED = IMPORTS + 'model = PeftModel.from_pretrained(base, "my-adapter")\n'
FRESH = IMPORTS + (
    "config = LoraConfig(lora_dropout=0.5, init_lora_weights=False)\n"
    "model = get_peft_model(base, config)\n"
)


def proof(example, use_instead):
    """The example answers twice the same; the fixed text does not."""
    assert run(example, same_answers).value()
    assert not run(use_instead, same_answers).value()


def test_a_context_manager_that_nothing_enters_leaves_the_adapter_on():
    assert run(LOADED + "model.disable_adapter()", to_base).value() > 0.1
    assert run(LOADED + "model.disable_adapter_layers()", to_base).value() == 0
    code = LOADED + "from tests.proofs.harness.measures import distance_to_base\n"
    code += "with model.disable_adapter(): distance = distance_to_base(model)"
    assert run(code, kept).value() == 0


@pytest.mark.parametrize("code", ["", "model.eval", "model.training = False"])
def test_dropout_stays_on(code):
    assert run(FRESH + code, noise).value() > 0.01


@pytest.mark.parametrize("code", ["model.eval()", "model.base_model.eval()", "model.train(False)"])
def test_dropout_is_switched_off(code):
    assert run(FRESH + code, noise).value() == 0


def test_layers_do_not_read_the_wrappers_attribute():
    code = LOADED + "model.load_adapter('my-other-adapter', adapter_name='other')\n"
    assert run(code, switched).value() == 0
    assert run(code + "method = True", switched).value() > 0.1


def test_prompt_learning_reads_the_attribute():
    code = f"""{IMPORTS}
config = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
model = get_peft_model(base, config)
model.add_adapter("other", config)
"""
    assert run(code, switched).value() > 0.01


def same_answers(names):
    return names["tuned"].tolist() == names["untuned"].tolist()


def to_base(names):
    return distance_to_base(the_model(names))


def kept(names):
    return names["distance"]


def noise(names):
    return spread(names["model"])


def switched(names):
    model = names["model"].eval()
    before = logits(model)
    if "method" in names:
        model.set_adapter("other")
    else:
        model.active_adapter = "other"
    return difference(before, logits(model))
