"""Tests of a library's release: which branches stay open, and where a rule is in doubt."""

import pytest

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.interpreter.run import run
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target
from peft_lint.versions.target import Claim, known_releases

PREAMBLE = """\
import importlib.metadata
import trl
from importlib.metadata import version as installed
from packaging import version
from packaging.version import Version, parse
from trl import __version__ as trl_version
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("gpt2")
"""
PINNED = ("0.24.0", ("==0.24.0",))
RANGE = ("1.16.0", (">=0.26",))


def target(release, allowed=()):
    return Target({"trl": Claim(release, "a test", allowed)})


def modes(test, target):
    """Return in which modes the model may be after `if test: model.train()`."""
    code = f"{PREAMBLE}if {test}:\n    model.train()\n"
    machine = run(Document("program.py", code), target)
    bodies = (world.body(world.handle(world.lookup(0, "model"))) for world in machine.ends)
    return {body.training for body in bodies}


@pytest.mark.parametrize(
    ("test", "said", "expected"),
    [
        ('version.parse(trl.__version__) < version.parse("0.26")', PINNED, {True}),
        ('version.parse(trl.__version__) >= version.parse("0.26")', PINNED, {False}),
        ('Version(trl.__version__) < Version("0.26")', ("1.16.0",), {False}),
        ('parse(trl_version) > parse("0.26.0.dev0")', RANGE, {True}),
        ('Version(installed("trl")) <= Version("0.25.1")', RANGE, {False}),
        ('not Version(importlib.metadata.version("trl")) < Version("0.26")', RANGE, {True}),
        ('Version("0.26") > Version(trl.__version__)', PINNED, {True}),
        ('Version("0.26") <= Version(trl.__version__)', PINNED, {False}),
        ('Version(trl.__version__) == Version("0.23")', PINNED, {False}),
        ('Version(trl.__version__) != Version("0.23")', PINNED, {True}),
        ('Version(trl.__version__) < Version("0.24")', PINNED, {False}),
    ],
)
def test_a_release_on_one_side_leaves_one_branch(test, said, expected):
    assert modes(test, target(*said)) == expected


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ('Version(trl.__version__) < Version("0.27")', RANGE),
        # A newer release than those that are known may be in use.
        ('Version(trl.__version__) < Version("99")', RANGE),
        ('Version(trl.__version__) < Version("0.2")', ("1.0.0", ("<2",))),
        # Which local part it has is not known.
        ('Version(trl.__version__) == Version("0.24")', PINNED),
        ('Version(trl.__version__) > Version("0.24")', PINNED),
        ('Version(trl.__version__) < Version("0.26")', None),
        ("Version(trl.__version__) < Version(minimum)", PINNED),
        ('Version(trl.__version__) < Version("soon")', PINNED),
        ('Version(trl.__version__) in Version("0.26")', PINNED),
        ('Version(mine.__version__) < Version("0.26")', PINNED),
        ('trl.__version__ < "0.26"', PINNED),
        ("Version(trl.__version__).major < 1", PINNED),
    ],
)
def test_both_branches_stay_open_where_either_may_be_taken(test, said):
    assert modes(test, target(*said) if said else Target()) == {True, False}


def test_what_may_be_in_use():
    newest = known_releases()["trl"][-1]
    assert Target().span("trl") is None
    assert target("0.24.0").span("trl") == ("0.24.0", "0.24.0")
    assert target("0.29.1", (">=0.26,<0.30",)).span("trl") == ("0.26", "0.29.1")
    assert target("0.15.2", ("==0.15.2", "==0.12.1")).span("trl") == ("0.12.1", "0.15.2")
    assert target(newest, (f"=={newest}",)).span("trl") == (newest, newest)
    assert target(newest, (">=0.26",)).span("trl") == ("0.26", "99999")
    assert target("77", ("==77",)).span("trl") == ("77", "77")


REPORTED = """\
import trl
from packaging.version import Version
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


def is_old():
    return Version(trl.__version__) < Version("0.26")


config = LoraConfig(task_type="CAUSAL_LM")
model = get_peft_model(AutoModelForCausalLM.from_pretrained("base-model"), config)
if TEST:
    trainer = trl.SFTTrainer(model, train_dataset=rows, peft_config=config)
"""


@pytest.mark.parametrize(
    ("test", "count"),
    [
        ("wanted", 1),
        ('Version(trl.__version__) < Version("0.26")', 0),
        ("Version(trl.__version__).release[0] < 1", 0),
        ('trl.__version__ < "0.26"', 0),
        ('trl.__version__.startswith("0.2")', 0),
        ('int(trl.__version__.split(".")[0]) < 1', 0),
        ("is_old()", 0),
        ('wanted and Version(trl.__version__) < Version("0.26")', 0),
    ],
)
def test_no_rule_tells_of_one_release_where_the_code_may_have_asked_for_another(test, count):
    rules = [rule for rule in all_rules() if rule.code == "PEF408"]
    document = Document("program.py", REPORTED.replace("TEST", test))
    assert len(find(document, rules, Target())) == count
    assert len(find(document, rules, target("1.16.0", ("==1.16.0",)))) <= count


def test_a_test_that_is_decided_leaves_no_doubt():
    rules = [rule for rule in all_rules() if rule.code == "PEF408"]
    code = REPORTED.replace("TEST", 'Version(trl.__version__) >= Version("0.26")')
    document = Document("program.py", code)
    assert len(find(document, rules, target("1.16.0", ("==1.16.0",)))) == 1
