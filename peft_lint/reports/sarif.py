"""SARIF 2.1.0: findings with their stories as code flows, and with their fixes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from peft_lint import __version__, rulebook
from peft_lint.document import Document
from peft_lint.finding import Applicability, Finding, Severity, Span
from peft_lint.lean import TYPE_CHECKING
from peft_lint.reports import RunReport
from peft_lint.reports.places import Places, Region, message, relative
from peft_lint.rule_page import explanation

if TYPE_CHECKING:
    from typing import Any

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ROOT = "PROJECTROOT"


def render(run: RunReport) -> str:
    """Return one run; paths are relative to the working directory, columns in code points."""
    codes = sorted({finding.code for finding in run.findings})
    failed = [
        {"level": "error", "message": {"text": f"{what}: {relative(path)}"}}
        for what, paths in (("not analysed", run.failed), ("not written", run.unwritten))
        for path in paths
    ]
    results = []
    for file in run.files:
        places = Places(file.document)
        results += [
            _result(file.document, places, finding, codes.index(finding.code))
            for finding in file.findings
        ]
    report = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "peft-lint",
                        "version": __version__,
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"uri": f"{Path(os.getcwd()).as_uri()}/"}},
                "invocations": [
                    {
                        "executionSuccessful": not failed,
                        "toolExecutionNotifications": failed,
                    }
                ],
                "results": results,
            }
        ],
    }
    return json.dumps(report, indent=2) + "\n"


def _rule(code: str) -> dict[str, Any]:
    rule = next(one for one in rulebook.all_rules() if one.code == code)
    described: dict[str, Any] = {
        "id": code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": explanation(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity[0]]},
        "properties": {"tags": [rule.category]},
    }
    if (address := rulebook.url(code)) is not None:
        described["helpUri"] = address
    return described


def _result(document: Document, places: Places, finding: Finding, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": message(document, finding)},
        "locations": [_location(document, places, finding.span)],
    }
    if finding.story:
        steps = [
            {"location": _location(document, places, step.span, step.message)}
            for step in finding.story
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if fixes := list(_fixes(document, places, finding)):
        result["fixes"] = fixes
    if finding.fingerprint:
        result["partialFingerprints"] = {"peftLint/v1": finding.fingerprint}
    return result


def _location(
    document: Document, places: Places, span: Span, words: str | None = None
) -> dict[str, Any]:
    physical = {"artifactLocation": _artifact(document), "region": _region(places.region(span))}
    located: dict[str, Any] = {"physicalLocation": physical}
    if (cell := document.place(span.start).cell) is not None:
        located["logicalLocations"] = [{"name": f"cell {cell}", "kind": "module"}]
    if words is not None:
        located["message"] = {"text": words}
    return located


def _fixes(document: Document, places: Places, finding: Finding) -> Iterator[dict[str, Any]]:
    for fix in finding.fixes:
        if fix.applicability is Applicability.DISPLAY:
            continue
        edits = [edit for edit in map(document.file_edit, fix.edits) if edit is not None]
        replacements = [
            {
                "deletedRegion": _region(places.in_file(edit.span)),
                "insertedContent": {"text": edit.content},
            }
            for edit in edits
        ]
        change = {"artifactLocation": _artifact(document), "replacements": replacements}
        safety = fix.applicability.value
        yield {
            "description": {"text": f"{fix.title} ({safety} fix)"},
            "artifactChanges": [change],
        }


def _artifact(document: Document) -> dict[str, Any]:
    return {"uri": quote(os.fsencode(relative(document.path))), "uriBaseId": _ROOT}


def _region(region: Region) -> dict[str, Any]:
    return {
        "startLine": region.row,
        "startColumn": region.column,
        "endLine": region.end_row,
        "endColumn": region.end_column,
    }
