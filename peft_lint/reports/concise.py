"""One line per finding, `path:row:column: CODE message`: a format that never changes."""

from __future__ import annotations

from peft_lint.reports import RunReport, printable


def render(run: RunReport) -> str:
    """Return the lines of all findings."""
    lines = []
    for report in run.files:
        path = printable(report.document.path)
        for finding in report.findings:
            place = report.document.place(finding.span.start)
            message = printable(finding.message)
            lines.append(f"{path}:{place.row}:{place.column}: {finding.code} {message}\n")
    return "".join(lines)
