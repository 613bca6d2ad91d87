"""PEF106: after wrapping, the base answers with the adapter, exactly as its PeftModel does."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

IMPORTS = """
import copy
from peft import LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline
from tests.proofs.harness.checkpoints import make_trained
base = AutoModelForCausalLM.from_pretrained("base-model")
"""
PROMPT = 'PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)'


def proof(example, use_instead):
    """The example finds that the adapter changes nothing; the fixed text finds its change."""
    assert run(example, change).value() == 0
    assert run(use_instead, change).value() > 0.01
    assert run(use_instead, base_from_fresh).value() == 0


@pytest.mark.parametrize(
    "code",
    [
        "model = PeftModel.from_pretrained(base, 'my-adapter')",
        "model = PeftModel.from_pretrained(base, 'my-adapter', adapter_name='second')",
        "model = get_peft_model(base, LoraConfig()); make_trained(model)",
        "pipe = pipeline('text-generation', base, "
        "tokenizer=AutoTokenizer.from_pretrained('base-model'))\n"
        "model = PeftModel.from_pretrained(base, 'my-adapter'); base = pipe.model",
    ],
)
def test_the_base_answers_as_its_peft_model(code):
    assert run(IMPORTS + code, base_from_model).value() == 0
    assert run(IMPORTS + code, base_from_fresh).value() > 0.01


@pytest.mark.parametrize(
    "code",
    [
        "model = PeftModel.from_pretrained(copy.deepcopy(base), 'my-adapter')",
        f"model = get_peft_model(base, {PROMPT})",
        "model = PeftModel.from_pretrained(base, 'my-adapter').unload()",
        "model = get_peft_model(base, LoraConfig())",
        "model = PeftModel.from_pretrained(base, 'my-adapter'); model.disable_adapter_layers()",
        "model = PeftModel.from_pretrained(base, 'my-adapter')\n"
        "off = model.disable_adapter(); off.__enter__()",
    ],
)
def test_look_alikes_leave_the_base_as_it_was(code):
    assert run(IMPORTS + code, base_from_fresh).value() == 0


@pytest.mark.parametrize("bits", ["load_in_4bit", "load_in_8bit"])
def test_the_copy_of_a_quantised_base_answers_as_the_base(bits):
    code = f"""
import copy, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, BitsAndBytesConfig
config = BitsAndBytesConfig({bits}=True)
base = AutoModelForCausalLM.from_pretrained("base-model", quantization_config=config).train()
tokens = torch.tensor([[5, 6, 7]])
with torch.no_grad():
    fresh = base(input_ids=tokens).logits
    model = PeftModel.from_pretrained(copy.deepcopy(base), "my-adapter").train()
    before, after = base(input_ids=tokens).logits, model(input_ids=tokens).logits
    with model.disable_adapter():
        without = model(input_ids=tokens).logits
classes = [type(weight).__name__ for weight in model.parameters()]
"""
    kept, without, with_adapter, classes = run(code, copied).value()
    assert (kept, without) == (0, 0)
    assert with_adapter > 0.01
    assert {"Params4bit", "Int8Params"} & set(classes)


def copied(names):
    changes = [difference(names["fresh"], names[name]) for name in ("before", "without", "after")]
    return (*changes, names["classes"])


def change(names):
    return difference(names["before"], names["after"])


def base_from_model(names):
    return difference(logits(names["base"].eval()), logits(names["model"].eval()))


def base_from_fresh(names):
    from transformers import AutoModelForCausalLM

    fresh = AutoModelForCausalLM.from_pretrained("base-model")
    return difference(logits(names["base"].eval()), logits(fresh))
