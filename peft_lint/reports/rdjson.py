"""reviewdog's diagnostic format, whose columns are UTF-8 bytes."""

from __future__ import annotations

import json

from peft_lint.document import Document
from peft_lint.finding import Applicability, Finding, Severity
from peft_lint.lean import TYPE_CHECKING
from peft_lint.reports import RunReport
from peft_lint.reports.places import Places, Region, message, relative
from peft_lint.rulebook import url

if TYPE_CHECKING:
    from typing import Any

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "INFO"}


def render(run: RunReport) -> str:
    """Return all findings with their stories, and with the fixes that are a single edit."""
    rows = []
    for file in run.files:
        places = Places(file.document)
        rows += [_row(file.document, places, finding) for finding in file.findings]
    worst = min((finding.severity for finding in run.findings), key=_rank, default=Severity.INFO)
    report = {
        "source": {"name": "peft-lint"},
        "severity": _SEVERITIES[worst],
        "diagnostics": rows,
    }
    return json.dumps(report, indent=2) + "\n"


def _rank(severity: Severity) -> int:
    return severity.rank


def _row(document: Document, places: Places, finding: Finding) -> dict[str, Any]:
    path = relative(document.path)
    code = {"value": finding.code}
    if (address := url(finding.code)) is not None:
        code["url"] = address
    return {
        "message": message(document, finding),
        "location": {"path": path, "range": _range(places.region(finding.span))},
        "severity": _SEVERITIES[finding.severity],
        "code": code,
        "suggestions": list(_suggestions(document, places, finding)),
        "relatedLocations": [
            {
                "message": step.message,
                "location": {"path": path, "range": _range(places.region(step.span))},
            }
            for step in finding.story
        ],
    }


def _suggestions(document: Document, places: Places, finding: Finding) -> list[dict[str, Any]]:
    """Return the fixes that can be taken alone: several suggestions are not one change."""
    found = []
    for fix in finding.fixes:
        edits = [document.file_edit(edit) for edit in fix.edits]
        if fix.applicability is not Applicability.DISPLAY and len(edits) == 1 and edits[0]:
            span, content = edits[0]
            found.append({"range": _range(places.in_file(span)), "text": content})
    return found


def _range(region: Region) -> dict[str, Any]:
    return {
        "start": {"line": region.row, "column": region.byte_column},
        "end": {"line": region.end_row, "column": region.end_byte_column},
    }
