"""PEF203: without sampling, the arguments of sampling change no token."""

import pytest

from tests.proofs.harness import run

IMPORTS = """
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer, GenerationConfig, pipeline, set_seed
tokenizer = AutoTokenizer.from_pretrained("base-model")
model = AutoPeftModelForCausalLM.from_pretrained("my-adapter")
inputs = tokenizer("one two three", return_tensors="pt")
set_seed(0)
"""


def proof(example, use_instead):
    """The argument of the example may as well be missing; a model that samples reads it."""
    assert run(example, tokens).value() == run(use_instead, tokens).value()
    seeded = "from transformers import set_seed\nset_seed(0)\n"
    sampling = seeded + example.replace("do_sample=False", "do_sample=True")
    colder = sampling.replace("temperature=5.0", "temperature=0.01")
    assert run(sampling, tokens).value() != run(colder, tokens).value()


@pytest.mark.parametrize("more", ["", ", num_beams=3"])
@pytest.mark.parametrize(
    "argument",
    [
        "temperature=5.0",
        "top_p=0.1",
        "top_k=3",
        "min_p=0.5",
        "typical_p=0.2",
        "epsilon_cutoff=0.01",
        "eta_cutoff=0.01",
    ],
)
def test_without_sampling_no_argument_of_it_changes_a_token(argument, more):
    code = "tokens = model.generate(**inputs, max_new_tokens=12, do_sample=False{})"
    with_it = run(IMPORTS + code.format(f"{more}, {argument}"), tokens)
    assert with_it.value() == run(IMPORTS + code.format(more), tokens).value()


@pytest.mark.parametrize(
    "code",
    [
        "g = GenerationConfig(max_new_tokens=12, do_sample=False, temperature=5.0)\n"
        "tokens = model.generate(**inputs, generation_config=g)",
        "model.generation_config.do_sample = True\n"
        "tokens = model.generate(**inputs, max_new_tokens=12, do_sample=False, temperature=5.0)",
    ],
)
def test_a_config_or_the_call_switches_off_what_the_checkpoint_says(code):
    plain = "tokens = model.generate(**inputs, max_new_tokens=12, do_sample=False)"
    assert run(IMPORTS + code, tokens).value() == run(IMPORTS + plain, tokens).value()


def test_a_pipeline_of_beams_reads_no_temperature():
    code = (
        'pipe = pipeline("text-generation", model=model, tokenizer=tokenizer, do_sample=False{})\n'
        'text = pipe("one two three", max_new_tokens=12)[0]["generated_text"]'
    )
    hot = run(IMPORTS + code.format(", num_beams=3, temperature=5.0"), answer)
    assert hot.value() == run(IMPORTS + code.format(", num_beams=3"), answer).value()


def tokens(names):
    return names["tokens"].tolist()


def answer(names):
    return names["text"]
