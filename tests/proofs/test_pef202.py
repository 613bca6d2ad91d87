"""PEF202: sampling without a seed gives another result in every process."""

import pytest

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.fixer import fix
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target
from tests.proofs.harness import run
from tests.proofs.harness.measures import texts

IMPORTS = """
import os, random
import accelerate, numpy, torch, transformers
from peft import PeftModel
from transformers import (AutoModelForCausalLM, AutoTokenizer, GenerationConfig, Trainer,
    TrainingArguments, pipeline)
tokenizer = AutoTokenizer.from_pretrained("base-model")
model = AutoModelForCausalLM.from_pretrained("base-model")
model = PeftModel.from_pretrained(model, "my-adapter")
inputs = tokenizer("one two three", return_tensors="pt")
"""
SAMPLE = "answer = model.generate(**inputs, do_sample=True, max_new_tokens=20)\n"
PIPELINE = 'pipe = pipeline("text-generation", model=model, tokenizer=tokenizer)\n'
SAMPLING_BASE = 'base = AutoModelForCausalLM.from_pretrained("base-that-samples")\n'


def proof(example, use_instead):
    """Fresh processes disagree; with the seed they agree."""
    assert distinct_results(example) > 1
    assert distinct_results(use_instead) == 1


def test_draft():
    proof(IMPORTS + SAMPLE, IMPORTS + "transformers.set_seed(0)\n" + SAMPLE)


@pytest.mark.parametrize(
    ("code", "samples"),
    [
        (SAMPLE, True),
        ("answer = model.generate(**inputs, do_sample=True, num_beams=2, max_new_tokens=20)", True),
        ("g = GenerationConfig(do_sample=True, max_new_tokens=20)\n"
         "answer = model.generate(**inputs, generation_config=g)", True),
        ("answer = model.generate(**inputs, max_new_tokens=20)", False),
        ("answer = model.generate(**inputs, do_sample=False, max_new_tokens=20)", False),
        ("answer = model.generate(**inputs, num_beams=3, max_new_tokens=20)", False),
        ("answer = model.generate(**inputs, temperature=0.9, top_p=0.5, max_new_tokens=20)", False),
        ("answer = model.generate(**inputs, do_sample=True, top_k=1, max_new_tokens=20)", False),
        (SAMPLING_BASE + "answer = base.generate(**inputs, max_new_tokens=20)", True),
        (SAMPLING_BASE + "m = PeftModel.from_pretrained(base, 'my-adapter')\n"
         "answer = m.generate(**inputs, max_new_tokens=20)", True),
        (SAMPLING_BASE + "m = PeftModel.from_pretrained(base, 'my-adapter').merge_and_unload()\n"
         "answer = m.generate(**inputs, max_new_tokens=20)", True),
        (SAMPLING_BASE + "g = GenerationConfig(max_new_tokens=20)\n"
         "answer = base.generate(**inputs, generation_config=g)", True),
        (SAMPLING_BASE + "answer = base.generate(**inputs, do_sample=False, max_new_tokens=20)",
         False),
        (PIPELINE + "answer = pipe('one two three', max_new_tokens=20)", True),
        (PIPELINE + "model.generation_config.do_sample = False\n"
         "answer = pipe('one two three', max_new_tokens=20)", False),
        (PIPELINE + "answer = pipe('one two three', do_sample=False, max_new_tokens=20)", False),
    ],
)  # fmt: skip
def test_what_samples(code, samples):
    assert (distinct_results(IMPORTS + code) > 1) == samples


@pytest.mark.parametrize(
    ("seed", "counts"),
    [
        ("transformers.set_seed(1)", True),
        ("torch.manual_seed(1)", True),
        ("torch.random.manual_seed(1)", True),
        ("torch.default_generator.manual_seed(1)", True),
        ("accelerate.utils.set_seed(1)", True),
        ("transformers.enable_full_determinism(1)", True),
        ("torch.set_rng_state(torch.Generator().manual_seed(1).get_state())", True),
        ('Trainer(model, TrainingArguments("out", report_to=[], use_cpu=True))', True),
        ('TrainingArguments("out", report_to=[], seed=1)', False),
        ("random.seed(1)", False),
        ("numpy.random.seed(1)", False),
        ("torch.seed()", False),
        ("torch.use_deterministic_algorithms(True)", False),
        ("os.environ['PYTHONHASHSEED'] = '1'", False),
        ("torch.Generator().manual_seed(1)", False),
        ("torch.cuda.manual_seed_all(1)", False),
    ],
)
def test_what_seeds(seed, counts):
    assert (distinct_results(f"{IMPORTS}\n{seed}\n{SAMPLE}") == 1) == counts


def test_one_seed_does_not_make_two_calls_equal():
    code = IMPORTS + "transformers.set_seed(0)\n" + SAMPLE + SAMPLE.replace("answer", "other")
    first, second = run(code, two_answers).value()
    assert first != second


def test_the_fix_leaves_samples_of_a_loop_and_of_a_helper_different():
    helper = "def draw():\n    return model.generate(**inputs, do_sample=True, max_new_tokens=20)\n"
    loop = "drawn = []\nfor _ in range(2):\n    drawn.append(draw())\nanswer, other = drawn\n"
    code = IMPORTS + helper + loop
    seeded = fixed(code)
    assert seeded.count("set_seed(0)\n") == 1
    first, second = run(seeded, two_answers).value()
    assert first != second


@pytest.mark.parametrize("keyword", ["seed=1", "generator=torch.Generator()"])
def test_generate_takes_no_seed(keyword):
    assert "ValueError" in run(IMPORTS + f"model.generate(**inputs, {keyword})").exception


def fixed(code):
    """Return the code as the rule's fix leaves it."""
    rules = tuple(rule for rule in all_rules() if rule.code == "PEF202")
    document = Document("example.py", code)
    return fix(document, lambda one: find(one, rules, Target()), unsafe=True).document.text


def distinct_results(code):
    """Return how many different results three unseeded processes give."""
    outcomes = [run(code, all_texts, seed=None) for _ in range(3)]
    return len({(str(outcome.value()), outcome.stdout) for outcome in outcomes})


def all_texts(names):
    return texts({name: value for name, value in names.items() if not name.startswith("__")})


def two_answers(names):
    return [names["answer"].tolist(), names["other"].tolist()]
