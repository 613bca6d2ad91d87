"""The comment that ignores a finding, as a fix: what `--add-ignores` and editors write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from peft_lint.document import Document
from peft_lint.finding import Applicability, Edit, Finding, Fix, Span


def ignoring(document: Document, findings: Sequence[Finding], reason: str) -> list[Finding]:
    """Return the findings, each with the one fix that puts a comment above its statement.

    The comment names all findings of that statement, but for the tool's own, which are left
    out. `reason` is one line of text.
    """
    by_row: dict[int, list[str]] = {}
    # The tool's own findings have no fingerprint, and are mended rather than ignored.
    findings = [finding for finding in findings if finding.fingerprint]
    for finding in findings:
        by_row.setdefault(_row(document, finding), []).append(finding.code)
    return [
        finding._replace(fixes=(_fix(document, finding, by_row[_row(document, finding)], reason),))
        for finding in findings
    ]


def _fix(document: Document, finding: Finding, codes: Iterable[str], reason: str) -> Fix:
    named = ", ".join(sorted(set(codes)))
    row = _row(document, finding)
    line = document.line(row)
    indent = line[: len(line) - len(line.lstrip(" \t\f"))]
    comment = f"{indent}# peft-lint: ignore[{named}] {reason}".rstrip()
    start = document.line_starts[row - 1]
    edit = Edit(Span(start, start), comment + document.newline)
    return Fix(f"Ignore {named} here", Applicability.SAFE, (edit,))


def _row(document: Document, finding: Finding) -> int:
    return document.row(finding.statement.start)
