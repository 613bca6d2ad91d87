"""What a run looks like as text and as JSON."""

import io
import json
import re

import pytest

from peft_lint.document import Document, Place
from peft_lint.finding import Applicability, Edit, Finding, Fix, Severity, Span, Step
from peft_lint.fixer import AppliedFix
from peft_lint.reports import FileReport, RunReport, colour, concise, full, json_report, summary

SCRIPT = """\
config = PeftConfig.from_pretrained("out")
base = load()
model = get_peft_model(
    base,
    config,
    adapter_name="a",
)


print(model.generate())
"""


def span(text, part, nth=0):
    start = -1
    for _ in range(nth + 1):
        start = text.index(part, start + 1)
    return Span(start, start + len(part))


def finding(anchor, *story, severity=Severity.ERROR, fixes=(), message="the weights are lost"):
    steps = tuple(Step(where, words) for where, words in story)
    return Finding("PEF101", "a-rule", severity, message, anchor, anchor, steps, fixes, "f00")


def script_finding():
    call = Span(SCRIPT.index("get_peft"), SCRIPT.index("\n)\n") + 2)
    return finding(
        call,
        (span(SCRIPT, 'PeftConfig.from_pretrained("out")'), "the config is read here"),
        (call, "a fresh adapter is created here"),
        (span(SCRIPT, "model.generate()"), "generation happens here"),
        fixes=(
            Fix("Load it", Applicability.SAFE, (Edit(call, "x\n"),)),
            Fix("Guess it", Applicability.UNSAFE, (Edit(call, "y"),)),
            Fix("Think", Applicability.DISPLAY, ()),
        ),
    )


def rendered(text, *found, paint=False, path="a.py"):
    run = RunReport([FileReport(Document(path, text), found)], analysed=1)
    return full.render(run, colour.Paint(paint))


def test_full_tells_the_story_in_the_source():
    assert rendered(SCRIPT, script_finding()) == (
        "error[PEF101]: the weights are lost\n"
        "  --> a.py:3:9\n"
        "   |\n"
        ' 1 | config = PeftConfig.from_pretrained("out")\n'
        "   |          --------------------------------- the config is read here\n"
        " 2 | base = load()\n"
        " 3 | model = get_peft_model(\n"
        "   |         ^^^^^^^^^^^^^^^\n"
        "...\n"
        " 7 | )\n"
        "   | ^ a fresh adapter is created here\n"
        "...\n"
        "10 | print(model.generate())\n"
        "   |       ---------------- generation happens here\n"
        "   |\n"
        "   = safe fix: Load it\n"
        "   = unsafe fix: Guess it\n"
        "   = suggestion: Think\n"
        "   = a-rule: `peft-lint rule PEF101` explains it\n"
        "\n"
        "1 finding (1 error), 1 fixable with --fix: 1 file analysed, 0 outside scope\n"
    )


def lines(text, *found, **options):
    """Only what stands between the two empty gutter lines."""
    body = rendered(text, *found, **options).split("\n")
    gutters = [i for i, line in enumerate(body) if re.fullmatch(r" +\|", line)]
    return body[gutters[0] + 1 : gutters[-1]]


def test_a_label_does_not_repeat_the_headline():
    text = "f(a, b)\n"
    steps = ((span(text, "a"), "a is lost"), (span(text, "b"), "and b is kept"))
    found = finding(span(text, "a"), *steps, message="a is lost: nobody finds it")
    assert lines(text, found) == ["1 | f(a, b)", "  |   ^  - and b is kept"]
    other = finding(span(text, "b"), *steps, message="a is lost")
    assert "a is lost" in "\n".join(lines(text, other))


def test_several_labels_on_one_line_hang_from_their_places():
    text = "f(a, b, c)\n"
    found = finding(
        span(text, "f(a, b, c)"), (span(text, "a"), "first"), (span(text, "b"), "second"),
        (span(text, "f(a, b, c)"), "all of it"),
    )  # fmt: skip
    assert lines(text, found) == [
        "1 | f(a, b, c)",
        "  | ^^-^^-^^^^ 3. all of it",
        "  |   |  |",
        "  |   |  2. second",
        "  |   1. first",
    ]


def test_a_story_out_of_order_is_numbered():
    text = "b()\na()\n"
    found = finding(span(text, "b()"), (span(text, "a()"), "then"), (span(text, "b()"), "here"))
    assert lines(text, found) == ["1 | b()", "  | ^^^ 2. here", "2 | a()", "  | --- 1. then"]


def test_an_anchor_without_a_step_is_marked_without_words():
    assert lines("x = f()\n", finding(span("x = f()", "f()"))) == ["1 | x = f()", "  |     ^^^"]


def test_tabs_and_wide_and_combining_characters_keep_the_marks_in_place():
    text = "\tx = '日本e\u0301', f()\n"
    assert lines(text, finding(span(text, "f()"))) == [
        "1 |     x = '日本e\u0301', f()",
        "  | " + " " * 17 + "^^^",
    ]
    assert lines("a\tf()\n", finding(span("a\tf()", "f()"))) == ["1 | a   f()", "  |     ^^^"]


def test_control_characters_are_shown_not_sent():
    text = "x = '\x1b[31m' + f()\n"
    shown = rendered(text, finding(span(text, "f()"), message="bad\x07"), path="a\nb.py")
    assert "\x1b" not in shown
    assert "␛[31m" in shown
    assert "bad␇" in shown
    assert "--> a␊b.py:1:" in shown


@pytest.mark.parametrize("before", [0, 50, 5000])
@pytest.mark.parametrize("after", [0, 50, 5000])
def test_long_lines_are_cut_around_the_anchor(before, after):
    text = "a" * before + " + target() + " + "b" * after
    shown, marks = lines(text, finding(span(text, "target()")))
    assert len(shown) <= 130
    start = marks.index("^")
    assert shown[start : start + 8] == "target()"
    assert marks.count("^") == 8
    assert shown.startswith("1 | …") == (before == 5000 or (before + after > 120 and before >= 50))


def test_an_anchor_longer_than_the_window():
    text = "f(" + "a" * 1000 + ")"
    shown, marks = lines(text, finding(Span(0, len(text)), (Span(0, len(text)), "words")))
    assert len(shown) < 130
    assert marks.endswith("^ words")


@pytest.mark.parametrize("text", ["x", "", "x\n", "\n\n", "\r\n\x0c\r\n", "日"])
def test_any_place_can_be_shown(text):
    for start in range(len(text) + 1):
        for end in range(start, len(text) + 1):
            place = Span(start, end)
            assert "PEF101" in rendered(text, finding(place, (place, "here")))


def test_colours_change_nothing_but_colour():
    plain = rendered(SCRIPT, script_finding())
    coloured = rendered(SCRIPT, script_finding(), paint=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b[1;31merror[PEF101]\x1b[0m" in coloured


@pytest.mark.parametrize(
    ("environment", "tty", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_when_colours_are_used(monkeypatch, environment, tty, expected):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: tty)
    assert colour.wanted(stream) is expected


def test_applied_fixes_are_listed():
    applied = (AppliedFix("PEF101", "Load it", Place(None, 3, 1)),)
    files = [FileReport(Document(name, SCRIPT), (), applied) for name in ("a.py", "b.py")]
    assert full.render(RunReport(files, analysed=2), colour.Paint(False)) == (
        "fixed[PEF101] a.py:3: Load it\nfixed[PEF101] b.py:3: Load it\n\n"
        "no findings, 2 fixes applied: 2 files analysed, 0 outside scope\n"
    )


def test_concise():
    text = "x = 1\ny = '日' + f()\n"
    found = finding(span(text, "f()"), message="it is\nwrong")
    run = RunReport([FileReport(Document("a b.py", text), [found, found])])
    assert concise.render(run) == "a b.py:2:11: PEF101 it is␊wrong\n" * 2


def test_summaries():
    assert summary(RunReport(analysed=14, out_of_scope=3)) == (
        "no findings: 14 files analysed, 3 outside scope"
    )
    safe = (Fix("x", Applicability.SAFE, ()),)
    unsafe = (Fix("x", Applicability.UNSAFE, ()),)
    place = Span(0, 1)
    found = [
        finding(place, fixes=safe),
        finding(place, severity=Severity.INFO, fixes=unsafe),
        finding(place, severity=Severity.INFO),
    ]
    run = RunReport([FileReport(Document("a", "x"), found)], 1, 0, ["b.py"])
    assert summary(run) == (
        "3 findings (1 error, 2 infos), 1 fixable with --fix, 1 with --fix --unsafe-fixes:"
        " 1 file analysed, 0 outside scope, 1 not analysed"
    )


def test_json_schema_1():
    run = RunReport([FileReport(Document("a.py", SCRIPT), [script_finding()])], 2, 3, ["b.py"])
    call = {"path": "a.py", "cell": None, "row": 3, "column": 9, "end_row": 7, "end_column": 2}
    report = json.loads(json_report.render(run))
    files = {"analysed": 2, "out_of_scope": 3, "failed": ["b.py"], "unwritten": []}
    assert report["files"] == files
    assert report["schema"] == 1
    (found,) = report["findings"]
    story = found.pop("story")
    assert found == {
        "code": "PEF101",
        "name": "a-rule",
        "severity": "error",
        "message": "the weights are lost",
        **call,
        "url": None,
        "fingerprint": "f00",
        "fixes": [
            {"title": "Load it", "applicability": "safe", "edits": [{**call, "content": "x\n"}]},
            {"title": "Guess it", "applicability": "unsafe", "edits": [{**call, "content": "y"}]},
            {"title": "Think", "applicability": "display", "edits": []},
        ],
    }
    assert [step["message"] for step in story] == [
        "the config is read here",
        "a fresh adapter is created here",
        "generation happens here",
    ]
    assert story[0] == {
        "path": "a.py",
        "cell": None,
        "row": 1,
        "column": 10,
        "end_row": 1,
        "end_column": 43,
        "message": "the config is read here",
    }


def test_json_columns_count_code_points_from_one():
    text = "'\U0001f600é', f()\n"
    run = RunReport([FileReport(Document("a.py", text), [finding(span(text, "f()"))])])
    (found,) = json.loads(json_report.render(run))["findings"]
    assert (found["column"], found["end_column"]) == (7, 10)
