"""What is reported of a file that could not be analysed."""

from __future__ import annotations

import os
from collections.abc import Sequence

from peft_lint.document import Document, DocumentError, Problem
from peft_lint.finding import Finding, Severity, Span
from peft_lint.reports import FileReport


def not_analysed(document: Document, error: DocumentError) -> FileReport:
    """Return PEF001 at the place that the error names."""
    row = min(error.row, len(document.line_starts))
    column = min(error.column - 1, len(document.line(row)))
    offset = document.line_starts[row - 1] + column
    problem = Problem(Span(offset, offset), error.message)
    return FileReport(document, (left_out(problem),))


def left_out(problem: Problem) -> Finding:
    """Return PEF001 for a part of a document that was left out."""
    span, message = problem
    return Finding("PEF001", "syntax-error", Severity.ERROR, message, span, span)


def with_left_out(document: Document, findings: Sequence[Finding]) -> list[Finding]:
    """Return findings and, in between by place, the parts of a document that were left out."""
    return sorted([*findings, *map(left_out, document.problems)], key=_place)


def internal_error(document: Document, error: Exception) -> FileReport:
    """Return PEF000 with the exception and the place in peft-lint where it arose."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = ""
    if trace is not None:
        file = os.path.basename(trace.tb_frame.f_code.co_filename)
        place = f" ({file}:{trace.tb_lineno})"
    words = " ".join(str(error).split())
    message = f"internal error, please report it: {type(error).__name__}: {words}{place}"
    span = Span(0, 0)
    finding = Finding("PEF000", "internal-error", Severity.ERROR, message, span, span)
    # Without the text: the failure is not a place in it.
    return FileReport(Document(document.path, ""), (finding,))


def _place(finding: Finding) -> tuple[Span, str]:
    return finding.span, finding.code
