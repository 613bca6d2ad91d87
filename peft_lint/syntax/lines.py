"""Edits that put a statement before or after another, or take one away, by lines where possible."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.finding import Edit, Span
from peft_lint.locations import is_compound, statement_span, statement_start


def before(document: Document, statement: ast.stmt, line: str) -> Edit:
    """Return the edit that puts the simple statement `line` before `statement`.

    It goes inline, with a semicolon, into one-line suites and lists of statements.
    """
    start = statement_start(document, statement)
    indent = _indent(document, start)
    if indent is None and not is_compound(statement):
        return Edit(Span(start, start), f"{line}; ")
    return Edit(Span(start, start), f"{line}{document.newline}{indent or ''}")


def next_to(document: Document, statement: ast.stmt, line: str) -> Edit:
    """Return the edit that puts the simple statement `line` after the simple `statement`.

    It goes inline, with a semicolon, into one-line suites and lists of statements.
    """
    indent = _indent(document, statement_start(document, statement))
    if indent is None:
        end = statement_span(document, statement).end
        return Edit(Span(end, end), f"; {line}")
    return after(document, statement, [line], indent=indent)


def after(
    document: Document,
    statement: ast.stmt,
    lines: list[str],
    *,
    gap: bool = False,
    indent: str = "",
) -> Edit:
    """Return the edit that puts `lines` after the simple `statement`, indented by `indent`.

    `gap` leaves an empty line between the two. Where another statement follows on the same
    line, all go inline.
    """
    end = statement_span(document, statement).end
    row, starts = document.row(end), document.line_starts
    rest = document.text[end : starts[row] if row < len(starts) else len(document.text)].strip()
    if rest and not rest.startswith("#"):
        return Edit(Span(end, end), "".join(f"; {line}" for line in lines))
    own = [f"{indent}{line}" for line in lines]
    content = document.newline.join(["", *own] if gap else own)
    if row < len(starts):
        return Edit(Span(starts[row], starts[row]), content + document.newline)
    return Edit(Span(len(document.text), len(document.text)), document.newline + content)


def removed(document: Document, statement: ast.stmt) -> Edit:
    """Return the edit that takes a simple statement away, with its line where it has one.

    A comment after it stays, on a line of its own.
    """
    span = statement_span(document, statement)
    row, starts = document.row(span.end), document.line_starts
    next_line = starts[row] if row < len(starts) else len(document.text)
    rest = document.text[span.end : next_line]
    own_line = _indent(document, span.start) is not None
    if rest.lstrip().startswith(";") and rest.strip() != ";":
        # Others of a list of statements follow.
        gap = len(rest) - len(rest.lstrip("; \t"))
        return Edit(Span(span.start, span.end + gap), "")
    if not own_line:
        # It ends such a list, with the semicolon of the one before it.
        start = len(document.text[: span.start].rstrip(" \t"))
        return Edit(Span(start - 1, span.end), "")
    comment = rest.find("#")
    if comment >= 0:
        return Edit(Span(span.start, span.end + comment), "")
    return Edit(Span(starts[document.row(span.start) - 1], next_line), "")


def _indent(document: Document, start: int) -> str | None:
    """Return the white space before a statement, or None where it does not start its line."""
    row = document.row(start)
    prefix = document.text[document.line_starts[row - 1] : start]
    if prefix.strip(" \t\f"):
        return None
    if row > 1 and document.line(row - 1).endswith("\\"):
        return None
    return prefix.rpartition("\f")[2]
