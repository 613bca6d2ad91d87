"""What settings say of one file: rules left out by its path, severities, fixes."""

import pytest

from peft_lint.finding import Applicability, Finding, Fix, Severity, Span
from peft_lint.plan import make_plan
from peft_lint.settings import Settings

GIVEN = Settings(root="/")
FINDING = Finding(
    "PEF202",
    "unseeded-sampling",
    Severity.INFO,
    "message",
    Span(0, 1),
    Span(0, 1),
    fixes=(Fix("Seed", Applicability.UNSAFE, ()),),
)


def codes(plan):
    return {rule.code for rule in plan.rules}


@pytest.mark.parametrize(
    ("pattern", "path", "out"),
    [
        ("tests/", "/project/tests/unit/a.py", True),
        ("tests/*", "/project/tests/a.py", True),
        ("*.py", "/project/deep/a.py", True),
        ("/a.py", "/project/deep/a.py", False),
        ("tests/", "/elsewhere/tests/a.py", False),
    ],
)
def test_a_file_leaves_out_what_its_path_says(pattern, path, out):
    ignores = ((pattern, ("PEF2", "syntax-error", "PEF000")),)
    plan = make_plan(Settings(root="/project", per_file_ignores=ignores), GIVEN)
    assert {"PEF201", "PEF101"} <= codes(plan)
    there = codes(plan.at(path))
    assert ("PEF201" not in there, "PEF001" not in there) == (out, out)
    assert {"PEF101", "PEF000"} <= there


def test_the_more_precise_selector_says_the_severity():
    severity = (("PEF202", "warning"), ("PEF2", "error"), ("ALL", "info"))
    plan = make_plan(Settings(root="/", severity=severity), GIVEN)
    assert plan.severities["PEF202"] is Severity.WARNING
    assert plan.severities["PEF201"] is Severity.ERROR
    assert plan.severities["PEF101"] is Severity.INFO
    assert plan.applied_to(FINDING).severity is Severity.WARNING


def test_fixes_count_as_the_settings_say():
    assert make_plan(GIVEN, GIVEN).applied_to(FINDING) == FINDING
    safe = make_plan(Settings(root="/", extend_safe_fixes=("PEF202",)), GIVEN)
    assert safe.applied_to(FINDING).fixes[0].applicability is Applicability.SAFE
    shown = make_plan(Settings(root="/", unfixable=("unseeded-sampling",)), GIVEN)
    assert shown.applied_to(FINDING).fixes[0].applicability is Applicability.DISPLAY
    assert "PEF001" not in shown.unfixable
