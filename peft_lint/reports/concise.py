"""One line per finding, `path:row:column: CODE message`: a format that never changes.

In a notebook it is `path:cell N:row:column: CODE message`, with N over all cells from 1.
"""

from __future__ import annotations

from peft_lint.reports import RunReport, location, printable


def render(run: RunReport) -> str:
    """Return the lines of all findings."""
    lines = []
    for report in run.files:
        document = report.document
        for finding in report.findings:
            where = location(document.path, document.place(finding.span.start))
            lines.append(f"{where}: {finding.code} {printable(finding.message)}\n")
    return "".join(lines)
