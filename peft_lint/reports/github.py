"""Workflow commands of GitHub Actions: each finding becomes an annotation of its line."""

from __future__ import annotations

from peft_lint.finding import Severity
from peft_lint.reports import RunReport, location
from peft_lint.reports.places import Places, message, relative

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(run: RunReport) -> str:
    """Return one line per finding; the story stands in it as further lines of the message."""
    lines = []
    for file in run.files:
        document, places = file.document, Places(file.document)
        for finding in file.findings:
            region = places.region(finding.span)
            properties = {
                "title": f"{finding.code} {finding.name}",
                "file": relative(document.path),
                "line": region.row,
                "endLine": region.end_row,
            }
            if region.row == region.end_row:
                # Columns of several lines would be refused.
                properties |= {"col": region.column, "endColumn": region.end_column}
            story = (
                f"{location(document.path, document.place(step.span.start))}: {step.message}"
                for step in finding.story
            )
            words = "\n".join([message(document, finding), *story])
            named = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
            lines.append(f"::{_COMMANDS[finding.severity]} {named}::{_data(words)}\n")
    return "".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")
