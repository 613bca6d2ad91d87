"""PEF103: a body that carries an adapter gets another one from get_peft_model."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.checkpoints import make_trained
from tests.proofs.harness.measures import difference, logits, saved_keys, the_model, trainable

IMPORTS = """
import copy
from peft import LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM
base = AutoModelForCausalLM.from_pretrained("base-model")
both = LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "v_proj"])
larger = LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "v_proj"], r=32)
query = LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj"], r=4)
prompt = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
"""


def proof(example, use_instead):
    """What the model learns is not found again when it is loaded; with the fix it is."""
    lost, to_base = run(example, saved_and_loaded).value()
    assert to_base == 0
    assert lost > 0.01
    assert run(use_instead, saved_and_loaded).value()[0] == 0


@pytest.mark.parametrize(
    ("code", "lost"),
    [
        ("model = get_peft_model(get_peft_model(base, both), larger)", True),
        ("model = get_peft_model(get_peft_model(base, both), query)", True),
        ("model = get_peft_model(PeftModel.from_pretrained(base, 'my-adapter'), both)", True),
        ("model = get_peft_model(get_peft_model(base, both).base_model, both)", True),
        ("get_peft_model(base, both); model = get_peft_model(base, query)", True),
        ("get_peft_model(base, both); model = get_peft_model(base, larger)", False),
        ("model = get_peft_model(get_peft_model(base, both).unload(), query)", False),
        ("get_peft_model(copy.deepcopy(base), both); model = get_peft_model(base, query)", False),
    ],
)
def test_which_models_are_not_what_was_saved_of_them(code, lost):
    assert (run(IMPORTS + code, saved_and_loaded).value()[0] > 0.01) == lost


def test_the_keys_have_one_prefix_too_many():
    code = "model = get_peft_model(get_peft_model(base, both), both); model.save_pretrained('out')"
    keys = run(IMPORTS + code, keys_of_out).value()
    assert all(key.startswith("base_model.model.base_model.model.") for key in keys)


@pytest.mark.parametrize("name", ["default", "other"])
def test_the_first_model_of_a_base_answers_with_the_second_adapter(name):
    code = f"first = get_peft_model(base, both); second = get_peft_model(base, query, '{name}')"
    change, _ = run(IMPORTS + code, two_models, prepare=train_when_wrapped).value()
    assert change > 0.01


def test_with_other_names_the_second_model_is_that_of_a_fresh_base():
    code = "first = get_peft_model(base, both); second = get_peft_model(base, query, 'other')"
    _, rest = run(IMPORTS + code, two_models, prepare=train_when_wrapped).value()
    assert rest == 0


def test_layers_that_the_second_adapter_does_not_replace_are_trained_with_it():
    code = "get_peft_model(base, both); model = get_peft_model(base, query)"
    names = run(IMPORTS + code, trainable_names).value()
    assert any("v_proj" in name for name in names)


def test_a_prompt_on_top_of_lora_leaves_it_alone():
    code = "first = get_peft_model(base, both); second = get_peft_model(first, prompt)"
    change, _ = run(IMPORTS + code, two_models, prepare=train_when_wrapped).value()
    assert change == 0


def saved_and_loaded(names):
    """Train and save the model; return how far it is after loading, from itself and the base."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = the_model(names).eval()
    make_trained(model)
    model.save_pretrained("saved")
    plain = AutoModelForCausalLM.from_pretrained("base-model")
    base = logits(plain)
    loaded = logits(PeftModel.from_pretrained(plain, "saved"))
    return difference(logits(model), loaded), difference(base, loaded)


def train_when_wrapped(names):
    """Let the first LoRA model that a script makes be trained, and note what it answers."""
    import peft

    wrap = peft.get_peft_model

    def get_peft_model(*arguments):
        model = wrap(*arguments)
        if "answer" not in names:
            make_trained(model)
            names["answer"] = logits(model.eval())
        return model

    peft.get_peft_model = get_peft_model


def two_models(names):
    """Return how far the first model is from its answer, and a fresh second from the base."""
    from transformers import AutoModelForCausalLM

    first, second = names["first"].eval(), names["second"].eval()
    plain = logits(AutoModelForCausalLM.from_pretrained("base-model"))
    rest = difference(logits(second)[:, -plain.shape[1] :], plain)
    return difference(logits(first), names["answer"]), rest


def keys_of_out(names):
    return saved_keys("out")


def trainable_names(names):
    return trainable(names["model"])
