"""Comments that suppress findings, held to flake8 for noqa, and what is said of unused ones."""

import argparse
import random

import pytest
from flake8.processor import FileProcessor
from flake8.violation import Violation

from peft_lint import selection, suppression
from peft_lint.document import Document
from peft_lint.finding import Applicability, Finding, Severity, Span
from peft_lint.rulebook import RuleInfo

NAMES = {"PEF002": "unused-suppression", "PEF101": "trained-checkpoint-reinitialised", "PEF201": "inference-in-train-mode"}  # fmt: skip
ACTIVE = frozenset(NAMES)
RULES = tuple(
    RuleInfo(code, name, "c", (Severity.ERROR,), (), (), "0.1.0", False, {}, (), "m", "s")
    for code, name in NAMES.items()
)


@pytest.fixture(autouse=True)
def rules(monkeypatch):
    monkeypatch.setattr(selection, "all_rules", lambda: RULES)
    monkeypatch.setattr(suppression, "all_rules", lambda: RULES)


def findings(text, *codes, mark="BAD", statement=None):
    """One finding of each code at each place where `mark` stands."""
    made, start = [], text.find(mark)
    while start >= 0:
        span = Span(start, start + len(mark))
        around = span if statement is None else Span(text.index(statement), span.end)
        made += [Finding(c, NAMES[c], Severity.ERROR, "m", span, around) for c in codes]
        start = text.find(mark, start + 1)
    return made


def left(text, *codes, active=ACTIVE, statement=None, apply=suppression.apply):
    """Codes (and rows) that remain."""
    document = Document("a.py", text)
    found = findings(text, *codes, statement=statement)
    if apply is suppression.apply:
        result = apply(document, found, active)
    else:
        result = apply(document, found)
    return [f"{finding.code}:{document.row(finding.span.start)}" for finding in result]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# NOQA",
        "# noqa: PEF101",
        "# noqa:PEF101",
        "# noqa: E501, PEF101",
        "# noqa: E501 PEF101",
        "# noqa: E501,PEF101 because",
        "# noqa: PEF1",
        "# type: ignore # noqa: PEF101",
        "# peft-lint: ignore[PEF101]",
        "#peft-lint:ignore[PEF101] reason",
        "# peft-lint: ignore[trained-checkpoint-reinitialised]",
        "# peft-lint: ignore[PEF101, trained-checkpoint-reinitialised]",
        "# noqa: E501  # peft-lint: ignore[PEF101]",
    ],
)
def test_comments_that_suppress(comment):
    assert left(f"BAD  {comment}\n", "PEF101") == []


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: E501",
        "# noqa: pef101",
        "#noqa: PEF101",
        "# no qa",
        "# peft-lint: skip",
        "# other-lint: ignore[PEF101]",
    ],
)
def test_comments_that_do_not(comment):
    assert left(f"BAD  {comment}\n", "PEF101") == ["PEF101:1"]


def test_only_what_is_named_is_suppressed():
    assert left("BAD  # noqa: PEF101\n", "PEF101", "PEF201") == ["PEF201:1"]
    assert left("BAD\nBAD  # noqa: PEF101\nBAD\n", "PEF101") == ["PEF101:1", "PEF101:3"]


def test_only_comments_count():
    assert left('BAD = "# noqa"\n', "PEF101") == ["PEF101:1"]
    assert left('BAD = "# peft-lint: skip-file"\n', "PEF101") == ["PEF101:1"]


def test_skip_file():
    assert left("# peft-lint: skip-file\nBAD\n", "PEF101") == []
    assert left("BAD\nx = 1  # peft-lint: skip-file generated\n", "PEF101") == []


def test_noqa_after_a_multi_line_string_and_a_backslash():
    assert left('x = BAD("""\na\n""")  # noqa: PEF101\n', "PEF101") == []
    assert left("x = \\\n  BAD  # noqa: PEF101\n", "PEF101") == []
    assert left("x = f(\n  BAD,\n)  # noqa: PEF101\n", "PEF101") == ["PEF101:2", "PEF002:3"]


CALL = "x = f(\n  1,\n  BAD,\n)\n"


@pytest.mark.parametrize(
    "text",
    [
        CALL.replace("BAD,", "BAD,  # peft-lint: ignore[PEF101]"),
        CALL.replace("f(", "f(  # peft-lint: ignore[PEF101]"),
        "# peft-lint: ignore[PEF101] reason\n" + CALL,
        "# peft-lint: ignore[PEF101]\n# more about it\n" + CALL,
        "if y:\n    # peft-lint: ignore[PEF101]\n    x = f(\n      BAD)\n",
    ],
)
def test_where_our_own_comment_may_stand(text):
    assert left(text, "PEF101", statement="x = f") == []


@pytest.mark.parametrize(
    "text",
    [
        CALL.replace("1,", "1,  # peft-lint: ignore[PEF101]"),
        "# peft-lint: ignore[PEF101]\n\n" + CALL,
        "y = 1  # peft-lint: ignore[PEF101]\n" + CALL,
        CALL + "# peft-lint: ignore[PEF101]\n",
    ],
)
def test_elsewhere_it_does_nothing_and_is_reported(text):
    assert sorted(code[:6] for code in left(text, "PEF101", statement="x = f")) == [
        "PEF002",
        "PEF101",
    ]


def test_noqa_does_not_count_on_the_statement():
    text = CALL.replace("f(", "f(  # noqa: PEF101")
    assert left(text, "PEF101", statement="x = f") == ["PEF002:1", "PEF101:3"]


def fixed(text, *codes, active=ACTIVE):
    """The text after all PEF002 fixes, which must be safe."""
    document = Document("a.py", text)
    edits = []
    for finding in suppression.apply(document, findings(text, *codes), active):
        if finding.code == "PEF002":
            (fix,) = finding.fixes
            assert fix.applicability is Applicability.SAFE
            edits += fix.edits
    return document.edited(sorted(edits)).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # noqa: PEF101\n", "x = 1\n"),
        ("x = 1  # noqa: PEF101", "x = 1"),
        ("x = 1\t# noqa: PEF101\r\ny\r\n", "x = 1\r\ny\r\n"),
        ("x = 1  # noqa: PEF101, E501\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # noqa: E501,PEF101,W1\n", "x = 1  # noqa: E501, W1\n"),
        ("x = 1  # noqa: E501 PEF101\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # noqa: PEF101,PEF201\n", "x = 1\n"),
        ("x = 1  # noqa: PEF101 it was so\n", "x = 1  # it was so\n"),
        ("x = 1  # noqa: PEF101  # it was so\n", "x = 1  # it was so\n"),
        ("x = 1  # type: ignore  # noqa: PEF101\n", "x = 1  # type: ignore\n"),
        ("x = 1  # peft-lint: ignore[PEF101] it was so\n", "x = 1\n"),
        ("x = 1  # peft-lint: ignore[PEF101, inference-in-train-mode]\n", "x = 1\n"),
        ("if x:\n    # peft-lint: ignore[PEF101]\n    y\n", "if x:\n    y\n"),
        ("# peft-lint: ignore[PEF101]", ""),
        ("x = '\u00e9\U0001f600'  # noqa: PEF101\n", "x = '\u00e9\U0001f600'\n"),
        ("\x0cx = 1  # noqa: PEF101\n", "\x0cx = 1\n"),
    ],
)
def test_unused_ones_are_removed_and_nothing_else(before, after):
    assert fixed(before) == after
    assert fixed(after) == after


def test_the_used_code_stays():
    text = "BAD  # noqa: PEF101, PEF201\n"
    assert fixed(text, "PEF101") == "BAD  # noqa: PEF101\n"
    own = "BAD  # peft-lint: ignore[PEF201, PEF101] why\n"
    assert fixed(own, "PEF101") == "BAD  # peft-lint: ignore[PEF101] why\n"


@pytest.mark.parametrize(
    ("text", "active"),
    [
        ("x  # noqa\n", ACTIVE),
        ("x  # noqa: E501\n", ACTIVE),
        ("x  # noqa: PEF999\n", ACTIVE),
        ("x  # noqa: P\n", ACTIVE),
        ("x  # noqa: PEF002\n", ACTIVE),
        ("x  # noqa: PEF101\n", {"PEF002", "PEF201"}),
        ("x  # noqa: PEF1, PEF2\n", {"PEF002"}),
        ("x  # peft-lint: ignore[PEF101]\n", {"PEF002", "PEF201"}),
        ("x  # noqa: PEF101\n", {"PEF101", "PEF201"}),
        ("x  # peft-lint: ignore[PEF101, PEF002]\n", ACTIVE),
    ],
)
def test_silent_about(text, active):
    assert left(text, active=active) == []


def test_names_that_do_not_exist_are_reported_without_a_fix():
    text = "x  # peft-lint: ignore[PEF1O1]\n"
    (finding,) = suppression.apply(Document("a.py", text), [], ACTIVE)
    assert finding.message == "unknown rule `PEF1O1`; did you mean `PEF101`?"
    assert finding.fixes == ()
    assert text[finding.span.start : finding.span.end] == "PEF1O1"
    (finding,) = suppression.apply(Document("a.py", "x  # peft-lint: ignore\n"), [], ACTIVE)
    assert finding.message == "`ignore` names no rule: write `ignore[CODE]`"


def test_for_flake8_noqa_is_left_alone_and_nothing_is_unused():
    text = "BAD  # noqa\nBAD  # peft-lint: ignore[PEF101]\nx  # peft-lint: ignore[PEF101]\n"
    assert left(text, "PEF101", apply=suppression.apply_own) == ["PEF101:1"]
    assert left("# peft-lint: skip-file\nBAD\n", "PEF101", apply=suppression.apply_own) == []


def test_text_that_does_not_tokenize_suppresses_nothing():
    assert left("BAD (\n# noqa\n'''\n", "PEF101") == ["PEF101:1"]


PIECES = (
    "BAD\n", "BAD  # noqa: PEF101\n", "BAD  # noqa\n", 'BAD; s = """\n  BAD\n"""\n',
    'f("""x BAD\n""", BAD)  # noqa: PEF101\n', "f(BAD,\n  BAD)  # noqa:PEF1,E5\n",
    "y = 1 + \\\n  BAD  # noqa : PEF101\n", "if x:\n    BAD  # noqa: E501 , PEF101\n",
    "# noqa: PEF101\n", "BAD \\\n + 1  # NoQA:PEF101\n", "BAD  # noqa:E501,\n", "\n", "\f\n",
    "BAD  # x # noqa: PEF10\n", "def f():\n    '''BAD\n    '''  # noqa: PEF101\n    BAD\n",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(50))
def test_noqa_agrees_with_flake8(seed):
    chance = random.Random(seed)
    text = "".join(chance.choices(PIECES, k=6))
    document = Document("a.py", text)
    options = argparse.Namespace(
        hang_closing=False, indent_size=4, max_line_length=99, max_doc_length=None, verbose=0,
        stdin_display_name="stdin",
    )  # fmt: skip
    lines = text.split("\n")
    processor = FileProcessor("a.py", options, [line + "\n" for line in lines[:-1]])
    for finding in findings(text, "PEF101"):
        row = document.row(finding.span.start)
        physical = processor.noqa_line_for(row)
        theirs = Violation("PEF101", "a.py", row, 1, "m", physical).is_inline_ignored(False)
        kept = suppression.apply(document, [finding], {"PEF101"})
        assert (kept == []) == theirs, (row, text)


def test_a_noqa_for_other_linters_costs_no_tokenizing(monkeypatch):
    """A file about PEFT says PEF all over; only a code of ours is worth a look at comments."""
    looked = []
    monkeypatch.setattr(suppression, "_raw_comments", lambda document: looked.append(1) or ())
    assert left("from peft import PEFT  # noqa: F401\n") == []
    assert not looked
    assert left("from peft import PEFT  # noqa: PEF101\n") == []
    assert looked
