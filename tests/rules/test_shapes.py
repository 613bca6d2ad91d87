"""Scripts in the shapes that people write: exactly the marked findings, and fixes that settle.

A line of testdata/shapes/ or testdata/demo/ that ends in `# expect: PEF201 warning` (several
separated by commas) is the first line of an anchor; every other line is clean.
"""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from peft_lint.document import Document
from peft_lint.engine import analyse
from peft_lint.finding import Applicability
from peft_lint.fixer import fix
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target, resolve

TESTDATA = Path(__file__).parents[2] / "testdata"
SCRIPTS = sorted([*TESTDATA.glob("shapes/*.py"), *TESTDATA.glob("demo/*.py")])
MARK = re.compile(r"# expect: (.+)$")
FOUNDING = ("PEF101", "PEF201", "PEF202", "PEF301")


def read(path):
    return Document.from_bytes(path.read_bytes(), path.name)


def findings(document):
    # A script that says so itself is judged by the releases that it is for.
    said = "# /// script" in document.text
    target = resolve(None, {}, document.text) if said else Target()
    return analyse(document, all_rules(), target).findings


def expected(document):
    rows = []
    for row, line in enumerate(document.text.splitlines(), 1):
        mark = MARK.search(line)
        for entry in mark.group(1).split(",") if mark else ():
            code, severity = entry.split()
            rows.append((row, code, severity))
    return sorted(rows)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_findings_are_exactly_the_marked_ones(path):
    document = read(path)
    found = [(document.row(f.span.start), f.code, f.severity.value) for f in findings(document)]
    assert sorted(found) == expected(document)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_fixes_parse_settle_and_leave_nothing_to_fix(path):
    result = fix(read(path), findings, unsafe=True)
    ast.parse(result.document.text)
    again = fix(result.document, findings, unsafe=True)
    assert again.applied == ()
    assert again.document.text == result.document.text
    # A fix that is still on offer was refused by the fixer: it did not cure its finding.
    offered = [f.title for finding in result.findings for f in finding.fixes]
    sketches = [
        f.title
        for finding in result.findings
        for f in finding.fixes
        if f.applicability is Applicability.DISPLAY
    ]
    assert offered == sketches


def test_half_of_the_shapes_are_defective_and_half_are_look_alikes():
    marked = {path: {code for _, code, _ in expected(read(path))} for path in SCRIPTS}
    shapes = [path for path in SCRIPTS if path.parent.name == "shapes"]
    defective = [path for path in shapes if marked[path]]
    assert len(shapes) >= 44
    assert abs(2 * len(defective) - len(shapes)) <= 4
    for code in FOUNDING:
        name = code.lower()
        assert sum(path.name.startswith(f"{name}_not_") for path in shapes) >= 5
        assert Counter(code for codes in marked.values() for code in codes)[code] >= 5


def test_look_alikes_carry_no_mark_and_the_others_do():
    for path in SCRIPTS:
        assert bool(expected(read(path))) is ("_not_" not in path.stem), path.name
