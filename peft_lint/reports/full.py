"""Findings with their story, drawn into the source, and what can be done about them."""

from __future__ import annotations

from peft_lint.finding import Applicability, Finding
from peft_lint.lean import TYPE_CHECKING
from peft_lint.reports import FileReport, RunReport, line_location, location, printable, summary
from peft_lint.reports.colour import BOLD, FIX, GUTTER, SEVERITY, Paint
from peft_lint.rulebook import url

if TYPE_CHECKING:
    from peft_lint.document import Document
    from peft_lint.reports.snippet import Label

_FIX_WORDS = {
    Applicability.SAFE: "safe fix",
    Applicability.UNSAFE: "unsafe fix",
    Applicability.DISPLAY: "suggestion",
}


def render(run: RunReport, paint: Paint) -> str:
    """Return all findings and applied fixes, then the summary."""
    applied = "".join(_applied(report, paint) for report in run.files)
    parts = [applied] if applied else []
    for report in run.files:
        parts += [_finding(report.document, finding, paint) for finding in report.findings]
    return "\n".join([*parts, summary(run) + "\n"])


def _applied(report: FileReport, paint: Paint) -> str:
    path = report.document.path
    return "".join(
        f"{paint(FIX, f'fixed[{fix.code}]')} {line_location(path, fix.place)}: {fix.title}\n"
        for fix in report.applied
    )


def _finding(document: Document, finding: Finding, paint: Paint) -> str:
    # Imported for the first finding: a clean run needs none of it.
    from peft_lint.reports.snippet import excerpt, gutter_width

    colour = SEVERITY[finding.severity]
    labels = _labels(finding)
    margin = " " * gutter_width(document, labels)
    where = location(document.path, document.place(finding.span.start))
    head = paint(colour, f"{finding.severity.value}[{finding.code}]")
    lines = [
        head + paint(BOLD, f": {printable(finding.message)}"),
        f"{margin}{paint(GUTTER, '-->')} {where}",
    ]
    if document.text:
        lines += excerpt(document, labels, colour, paint)
    note = paint(GUTTER, f"{margin} =")
    lines += [
        f"{note} {paint(FIX, _FIX_WORDS[fix.applicability])}: {printable(fix.title)}"
        for fix in finding.fixes
    ]
    if (order := _order(document, finding)) is not None:
        lines.append(f"{note} {order}")
    more = url(finding.code) or f"`peft-lint rule {finding.code}` explains it"
    lines.append(f"{note} {paint(BOLD, finding.name)}: {more}")
    return "\n".join(lines) + "\n"


def _order(document: Document, finding: Finding) -> str | None:
    """Return a note where a notebook's cells were last run in another order than the story's."""
    rows = [document.row(step.span.start) for step in finding.story]
    counts = [count for count in map(document.execution_count, rows) if count is not None]
    if counts == sorted(counts):
        return None
    listed = ", ".join(f"[{count}]" for count in counts)
    return f"note: these cells were last run in another order: {listed}"


def _labels(finding: Finding) -> list[Label]:
    """Return the anchor and the story as labels, numbered where the text is not in order."""
    from peft_lint.reports.snippet import Label

    starts = [step.span.start for step in finding.story]
    numbered = starts != sorted(starts)
    labels = []
    for number, step in enumerate(finding.story, 1):
        words = printable(step.message)
        primary = step.span == finding.span
        if numbered:
            words = f"{number}. {words}"
        elif primary and finding.message.startswith(step.message):
            # It stands above already.
            words = ""
        labels.append(Label(step.span, words, primary))
    if not any(label.primary for label in labels):
        labels.append(Label(finding.span, "", primary=True))
    return labels
