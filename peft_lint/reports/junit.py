"""JUnit's XML: a suite per file, a failed case per error or warning, a passed one per info."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from peft_lint.document import Document
from peft_lint.finding import Finding, Severity
from peft_lint.reports import FileReport, RunReport, location, printable
from peft_lint.reports.places import Places, message, relative


def render(run: RunReport) -> str:
    """Return all files that were analysed; one without a finding is a passed case."""
    suites = [_suite(file) for file in run.files]
    total = _counts(run.findings, passed=sum(not file.findings for file in run.files))
    return "".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>\n',
            f'<testsuites name="peft-lint" {total}>\n',
            *suites,
            "</testsuites>\n",
        ]
    )


def _suite(file: FileReport) -> str:
    name = relative(file.document.path)
    places = Places(file.document)
    cases = [_case(file.document, places, finding) for finding in file.findings]
    cases = cases or [f"    <testcase name={_text('peft-lint')} classname={_text(name)}/>\n"]
    counts = _counts(file.findings, passed=not file.findings)
    suite = f"  <testsuite name={_text(name)} {counts}>\n"
    return "".join([suite, *cases, "  </testsuite>\n"])


def _counts(findings: Sequence[Finding], passed: int) -> str:
    failures = sum(finding.severity is not Severity.INFO for finding in findings)
    return f'tests="{len(findings) + passed}" failures="{failures}" errors="0"'


def _case(document: Document, places: Places, finding: Finding) -> str:
    row = places.region(finding.span).row
    name = f"{finding.code} {finding.name}, line {row}"
    words = message(document, finding)
    story = [
        f"{location(document.path, document.place(step.span.start))}: {printable(step.message)}"
        for step in finding.story
    ]
    body = escape("\n".join([printable(words), *story]))
    kind = finding.severity.value
    if finding.severity is Severity.INFO:
        outcome = f"<system-out>{body}</system-out>"
    else:
        outcome = f'<failure type="{kind}" message={_text(words)}>{body}</failure>'
    path = relative(document.path)
    head = f'name={_text(name)} classname={_text(path)} file={_text(path)} line="{row}"'
    return f"    <testcase {head}>\n      {outcome}\n    </testcase>\n"


def _text(value: str) -> str:
    return quoteattr(printable(value))
