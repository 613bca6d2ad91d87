"""Which rules a set of selectors leaves selected."""

import pytest

from peft_lint import selection
from peft_lint.finding import Severity
from peft_lint.rule_page import page
from peft_lint.rulebook import RuleInfo, all_rules
from peft_lint.selection import Layer, find, hidden, problem, select


def rule(code, name, preview=False):
    severity = (Severity.ERROR,)
    return RuleInfo(code, name, "c", severity, (), (), "0.1.0", preview, {}, (), "m", "s")


RULES = (
    rule("PEF000", "internal-error"),
    rule("PEF001", "syntax-error"),
    rule("PEF002", "unused-suppression"),
    rule("PEF101", "trained-checkpoint-reinitialised"),
    rule("PEF102", "wrapped-before-from-pretrained"),
    rule("PEF201", "inference-in-train-mode"),
    rule("PEF299", "not-yet", preview=True),
)


@pytest.fixture(autouse=True)
def rules(monkeypatch):
    monkeypatch.setattr(selection, "all_rules", lambda: RULES)


def codes(*layers, preview=False):
    return [rule.code[3:] for rule in select(layers, preview)]


def test_default_is_everything_but_preview():
    assert codes() == ["000", "001", "002", "101", "102", "201"]
    assert codes(preview=True) == ["000", "001", "002", "101", "102", "201", "299"]
    assert codes(Layer(select=("ALL",))) == codes()


def test_select_starts_afresh_and_keeps_the_tools_own_voice():
    assert codes(Layer(select=("PEF101",))) == ["000", "001", "101"]
    assert codes(Layer(select=("inference-in-train-mode", "PEF002"))) == [
        "000", "001", "002", "201",
    ]  # fmt: skip
    assert codes(Layer(select=())) == ["000", "001"]


def test_prefixes():
    assert codes(Layer(select=("PEF1",))) == ["000", "001", "101", "102"]
    assert codes(Layer(select=("PEF",))) == codes()
    assert codes(Layer(select=("PEF2",)), preview=True) == ["000", "001", "201", "299"]


def test_the_longer_selector_wins_and_ignore_wins_a_tie():
    assert codes(Layer(select=("PEF101",), ignore=("PEF1",))) == ["000", "001", "101"]
    assert codes(Layer(select=("PEF1",), ignore=("PEF101",))) == ["000", "001", "102"]
    assert codes(Layer(select=("PEF1",), ignore=("PEF1",))) == ["000", "001"]
    assert codes(Layer(select=("PEF1",), ignore=("wrapped-before-from-pretrained",))) == [
        "000", "001", "101",
    ]  # fmt: skip


def test_internal_errors_cannot_be_ignored_and_syntax_errors_can():
    assert codes(Layer(ignore=("ALL",))) == ["000"]
    assert codes(Layer(ignore=("PEF001",))) == ["000", "002", "101", "102", "201"]


def test_a_later_layer_wins():
    file = Layer(select=("PEF1",), ignore=("PEF101",))
    assert codes(file, Layer(extend_select=("PEF101",))) == ["000", "001", "101", "102"]
    assert codes(file, Layer(ignore=("PEF102",))) == ["000", "001"]
    assert codes(file, Layer(select=("PEF2",))) == ["000", "001", "201"]


def test_a_preview_rule_that_is_named_is_pointed_out():
    named = [Layer(select=("not-yet",))]
    assert hidden(named, preview=False).code == "PEF299"
    assert hidden(named, preview=True) is None
    assert hidden([Layer(select=("PEF2",))], preview=False) is None
    assert hidden([Layer(ignore=("PEF299",))], preview=False) is None


@pytest.mark.parametrize("selector", ["PEF", "PEF1", "PEF101", "ALL", "syntax-error", "PEF299"])
def test_known_selectors(selector):
    assert problem(selector) is None


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("PEF1O1", "unknown rule `PEF1O1`; did you mean `PEF101`?"),
        ("pef102", "unknown rule `pef102`; did you mean `PEF102`?"),
        ("all", "unknown rule `all`; did you mean `ALL`?"),
        (
            "inference-in-trainmode",
            "unknown rule `inference-in-trainmode`; did you mean `inference-in-train-mode`?",
        ),
        ("E501", "unknown rule `E501`"),
        ("PEF1011", "unknown rule `PEF1011`; did you mean `PEF101`?"),
        ("PEF1XX", "unknown rule `PEF1XX`; `peft-lint rules` lists them"),
        ("trained", "unknown rule `trained`; `peft-lint rules` lists them"),
        ("PEF9", "unknown rule `PEF9`; `peft-lint rules` lists them"),
        ("PEF999", "unknown rule `PEF999`; `peft-lint rules` lists them"),
        ("", "unknown rule ``"),
    ],
)
def test_unknown_selectors(selector, message):
    assert problem(selector).startswith(message)


def test_find_takes_exact_codes_and_names_only():
    assert find("PEF101").name == "trained-checkpoint-reinitialised"
    assert find("syntax-error").code == "PEF001"
    assert find("PEF1") is None
    assert find("ALL") is None


def test_every_rule_has_its_page():
    for info in all_rules():
        text = page(info)
        assert f'code = "{info.code}"' in text
        assert "# What it does" in text


def test_a_missing_page_says_so():
    with pytest.raises(FileNotFoundError, match="PEF998"):
        page(rule("PEF998", "no-such-page"))
