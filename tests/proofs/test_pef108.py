"""PEF108: embeddings of a new size are saved with the adapter, and fit no base of the old size."""

import pytest

from tests.proofs.harness import run
from tests.proofs.harness.measures import difference, logits

SAVED = """
from peft import AutoPeftModelForCausalLM, LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("base-model")
tokenizer.add_tokens(["<question>", "<answer>"])
base = AutoModelForCausalLM.from_pretrained("base-model")
base.resize_token_embeddings(len(tokenizer))
trained = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", init_lora_weights=False))
trained.save_pretrained("saved")
tokenizer.save_pretrained("saved")
base = AutoModelForCausalLM.from_pretrained("base-model")
"""


def proof(example, use_instead):
    """The example raises; the fixed text has the vocabulary that was saved."""
    exception = run(example).exception
    assert exception.startswith("RuntimeError")
    assert "size mismatch for base_model.model.model.embed_tokens.weight" in exception
    assert run(use_instead, vocabulary).value() == 162


@pytest.mark.parametrize(
    "load", ["PeftModel.from_pretrained(base, 'saved')", "base.load_adapter('saved')"]
)
def test_each_load_on_the_small_base_raises(load):
    assert run(SAVED + load).exception.startswith("RuntimeError")


@pytest.mark.parametrize(
    "load",
    [
        "base.resize_token_embeddings(162); model = PeftModel.from_pretrained(base, 'saved')",
        "model = AutoPeftModelForCausalLM.from_pretrained('saved')",
    ],
)
def test_these_load_what_was_saved(load):
    assert run(SAVED + load, distance).value() == 0


def vocabulary(names):
    return names["model"].get_input_embeddings().weight.shape[0]


def distance(names):
    return difference(logits(names["trained"].eval()), logits(names["model"].eval()))
