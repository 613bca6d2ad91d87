"""The run as JSON, schema 1: for programs that read findings."""

from __future__ import annotations

import json

from peft_lint.document import Document, Place
from peft_lint.finding import Finding, Span
from peft_lint.lean import TYPE_CHECKING
from peft_lint.reports import RunReport
from peft_lint.rulebook import url

if TYPE_CHECKING:
    from typing import Any

SCHEMA = 1


def render(run: RunReport) -> str:
    """Return the whole run; rows and columns are 1-based, in code points, ends exclusive."""
    report = {
        "schema": SCHEMA,
        "findings": [
            _finding(file.document, finding) for file in run.files for finding in file.findings
        ],
        "files": {
            "analysed": run.analysed,
            "out_of_scope": run.out_of_scope,
            "failed": run.failed,
            "unwritten": run.unwritten,
        },
    }
    return json.dumps(report, indent=2) + "\n"


def _finding(document: Document, finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "message": finding.message,
        **_place(document, finding.span),
        "url": url(finding.code),
        "fingerprint": finding.fingerprint,
        "fixes": [
            {
                "title": fix.title,
                "applicability": fix.applicability.value,
                "edits": [
                    {**_range(document, edit.start, edit.end), "content": edit.content}
                    for edit in map(document.original, fix.edits)
                    if edit is not None
                ],
            }
            for fix in finding.fixes
        ],
        "story": [
            {**_place(document, step.span), "message": step.message} for step in finding.story
        ],
    }


def _place(document: Document, span: Span) -> dict[str, Any]:
    return _range(document, document.place(span.start), document.place(span.end))


def _range(document: Document, start: Place, end: Place) -> dict[str, Any]:
    return {
        "path": document.path,
        "cell": start.cell,
        "row": start.row,
        "column": start.column,
        "end_row": end.row,
        "end_column": end.column,
    }
