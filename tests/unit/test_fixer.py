"""The fixer: rounds to a fixpoint, nothing that does not hold, every other byte kept."""

import ast
from itertools import count

import pytest

from peft_lint.document import Document, DocumentError
from peft_lint.finding import Applicability, Edit, Finding, Fix, Severity, Span
from peft_lint.fixer import MAX_ROUNDS, fix
from peft_lint.syntax.driver import flag
from tests.unit.syntax_tools import Load, calls, document, suspicion


def finding(code, start, *fixes, end=None):
    span = Span(start, start + 1 if end is None else end)
    return Finding(code, "name", Severity.ERROR, "wrong", span, span, (), tuple(fixes))


def replace(start, end, content, applicability=Applicability.SAFE, title="Do it"):
    return Fix(title, applicability, (Edit(Span(start, end), content),))


def numbers(to, applicability=Applicability.SAFE):
    """An analysis: every `1` is wrong and becomes `to`."""

    def analyse(doc):
        return [
            finding("PEF1", i, replace(i, i + 1, to, applicability))
            for i, c in enumerate(doc.text)
            if c == "1"
        ]

    return analyse


def test_all_fixes_of_a_round_apply_and_are_told_in_order():
    result = fix(document("a = 1\nb = 1\n"), numbers("22"), unsafe=False)
    assert result.document.text == "a = 22\nb = 22\n"
    assert [(a.code, a.title, a.place.row) for a in result.applied] == [
        ("PEF1", "Do it", 1),
        ("PEF1", "Do it", 2),
    ]
    assert result.findings == ()


@pytest.mark.parametrize(
    ("applicability", "unsafe", "changed"),
    [
        (Applicability.SAFE, False, True),
        (Applicability.UNSAFE, False, False),
        (Applicability.UNSAFE, True, True),
        (Applicability.DISPLAY, True, False),
    ],
)
def test_only_fixes_that_were_asked_for(applicability, unsafe, changed):
    doc = document("a = 1\n")
    result = fix(doc, numbers("2", applicability), unsafe=unsafe)
    assert result.document.text == ("a = 2\n" if changed else "a = 1\n")
    assert len(result.findings) == (0 if changed else 1)
    assert (result.document is doc) is not changed


def test_the_first_applicable_fix_is_taken():
    def analyse(doc):
        at = doc.text.find("1")
        fixes = (
            replace(at, at + 1, "0", Applicability.UNSAFE),
            replace(at, at + 1, "2"),
            replace(at, at + 1, "3"),
        )
        return [finding("PEF1", at, *fixes)] if at >= 0 else []

    assert fix(document("a = 1\n"), analyse, unsafe=False).document.text == "a = 2\n"
    assert fix(document("a = 1\n"), analyse, unsafe=True).document.text == "a = 0\n"


def test_a_fix_that_does_not_parse_is_dropped_and_the_next_one_tried():
    def analyse(doc):
        return [
            finding("PEF1", i, replace(i, i + 1, "(", title="bad"), replace(i, i + 1, "2"))
            for i, c in enumerate(doc.text)
            if c == "1"
        ] + [finding("PEF2", i, replace(i, i + 1, "8")) for i, c in enumerate(doc.text) if c == "7"]

    result = fix(document("a = 1\nb = 7\n"), analyse, unsafe=False)
    assert result.document.text == "a = 2\nb = 8\n"
    assert [a.title for a in result.applied] == ["Do it", "Do it"]


def test_fixes_that_only_fail_together_are_applied_as_far_as_they_go():
    def analyse(doc):
        rows = [i for i in (doc.text.find("    b\n"), doc.text.find("    c\n")) if i >= 0]
        return [finding("PEF1", i, replace(i, i + 6, "")) for i in rows]

    result = fix(document("if a:\n    b\n    # x\n    c\n"), analyse, unsafe=False)
    assert result.document.text == "if a:\n    # x\n    c\n"
    assert len(result.findings) == 1


def test_a_fix_that_brings_its_finding_back_is_dropped_and_others_go_on():
    def analyse(doc):
        text = doc.text
        found = [finding("PEF1", i, replace(0, 0, "0\n")) for i, c in enumerate(text) if c == "1"]
        return found + [
            finding("PEF2", i, replace(i, i + 1, "8")) for i, c in enumerate(text) if c == "7"
        ]

    result = fix(document("a = 1\nb = 7\n"), analyse, unsafe=False)
    assert result.document.text == "a = 1\nb = 8\n"
    assert [f.code for f in result.findings] == ["PEF1"]
    assert [a.code for a in result.applied] == ["PEF2"]


def test_overlapping_and_touching_fixes_wait_for_the_next_round():
    rounds = count()

    def analyse(doc):
        next(rounds)
        found = []
        if "ab" in doc.text:
            at = doc.text.index("ab")
            found = [
                finding("PEF1", at, replace(at, at + 1, "x")),
                finding("PEF2", at, replace(at, at + 2, "y")),
                finding("PEF3", at + 1, replace(at + 1, at + 1, "z")),
            ]
        return found

    result = fix(document("ab\n"), analyse, unsafe=False)
    assert result.document.text == "xb\n"
    assert next(rounds) == 2


def test_rounds_end():
    def analyse(doc):
        end = len(doc.text)
        return [finding("PEF1", end - 1, replace(end, end, "#"), end=end)]

    result = fix(document("a #"), analyse, unsafe=False)
    assert result.document.text == "a #" + "#" * MAX_ROUNDS
    assert len(result.applied) == MAX_ROUNDS


def test_text_that_the_encoding_cannot_hold_is_refused():
    doc = Document.from_bytes(b"# coding: cp850\na = 1 # \x82\n", "x.py")
    refused = fix(doc, numbers("'\N{SNOWMAN}'"), unsafe=False)
    assert refused.document is doc
    assert len(refused.findings) == 1
    done = fix(doc, numbers("'\xe4'"), unsafe=False).document
    assert done.to_bytes() == b"# coding: cp850\na = '\x84' # \x82\n"


def test_bytes_outside_the_edits_stay():
    data = b"\xef\xbb\xbf#!x\r\n\x0c\r\na = 1\rif a:\n\tb = '\xc3\xa9'  \r\n\x0cc = 3"
    doc = Document.from_bytes(data, "x.py")
    result = fix(doc, numbers("22"), unsafe=False)
    assert result.document.to_bytes() == data.replace(b"1", b"22")
    assert (result.document.path, result.document.bom) == ("x.py", True)


def test_a_given_tree_is_not_kept():
    doc = document("a = 1\n")
    doc.given_tree = ast.parse(doc.text)
    result = fix(doc, numbers("2"), unsafe=False)
    assert ast.unparse(result.document.tree) == "a = 2"


def test_a_document_that_cannot_be_analysed_raises():
    def analyse(doc):
        assert doc.tree
        return []

    with pytest.raises(DocumentError):
        fix(document("a ="), analyse, unsafe=False)


def test_two_fixes_that_add_the_same_import():
    def analyse(doc):
        flagged = flag(doc, [suspicion(node, Load()) for node in calls(doc, "get_peft_model")])
        return [
            Finding("PEF999", "n", Severity.ERROR, "m", f.span, f.statement, (), f.fixes)
            for f in flagged
        ]

    text = "from peft import get_peft_model\na = get_peft_model(b, c)\nd = get_peft_model(e, f)\n"
    result = fix(document(text), analyse, unsafe=False)
    assert result.document.text == (
        "from peft import PeftModel, get_peft_model\n"
        'a = PeftModel.from_pretrained(b, "id")\n'
        'd = PeftModel.from_pretrained(e, "id")\n'
    )
    assert len(result.applied) == 2
    assert fix(result.document, analyse, unsafe=False).applied == ()
