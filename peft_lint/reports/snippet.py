"""Source lines with labels below them, in the manner of rustc."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from peft_lint.document import Document
from peft_lint.finding import Span
from peft_lint.reports import printable
from peft_lint.reports.colour import GUTTER, SECONDARY, Paint

TAB = 4
# Longer lines are cut around what is labelled in them; in terminal columns.
WIDTH = 120
_LEAD = 30


@dataclass(frozen=True, slots=True)
class Label:
    """A range of the source and words for it; the primary one is the finding's anchor."""

    span: Span
    text: str
    primary: bool = False


@dataclass(slots=True)
class _Mark:
    """The part of a label on one line: terminal columns from 0, end exclusive."""

    start: int
    end: int
    text: str
    primary: bool


def excerpt(document: Document, labels: Sequence[Label], primary: str, paint: Paint) -> list[str]:
    """Return the lines that show `labels`, with `primary` as the colour of the anchor."""
    pieces: dict[int, list[Label]] = {}
    for label in labels:
        for row, piece in _pieces(document, label):
            pieces.setdefault(row, []).append(piece)
    rows = sorted(pieces)
    width = gutter_width(document, labels)
    gutter = paint(GUTTER, f"{'':{width}} |")
    lines = [gutter]
    cells = [document.place(document.line_starts[row - 1]).cell for row in rows]
    several = len(set(cells)) > 1
    previous, last_cell = rows[0], None if several else cells[0]
    for row, cell in zip(rows, cells, strict=True):
        if cell != last_cell:
            lines.append(paint(GUTTER, f"{'':{width}} ::: cell {cell}"))
        elif row - previous == 2:
            lines += _row(document, row - 1, [], width, primary, paint)
        elif row - previous > 2:
            lines.append(paint(GUTTER, "..."))
        lines += _row(document, row, pieces[row], width, primary, paint)
        previous, last_cell = row, cell
    return [*lines, gutter]


def gutter_width(document: Document, labels: Sequence[Label]) -> int:
    """Return how many columns the line numbers of an excerpt take."""
    ends = [max(label.span.start, label.span.end - 1) for label in labels]
    # In a notebook the rows of each cell start anew.
    places = [*ends, *(label.span.start for label in labels)]
    return len(str(max(document.place(offset).row for offset in places)))


def _pieces(document: Document, label: Label) -> list[tuple[int, Label]]:
    """Return a label by line: of several lines the first and the last are marked."""
    start, end = label.span.start, label.span.end
    first, last = document.row(start), document.row(max(start, end - 1))
    if first == last:
        return [(first, label)]
    starts = document.line_starts
    line = document.line(last)
    indent = len(line) - len(line.lstrip())
    head = Span(start, starts[first - 1] + len(document.line(first).rstrip()))
    tail = Span(starts[last - 1] + indent, end)
    # The words stand at the end, after both parts have been seen.
    return [
        (first, Label(head, "", label.primary)),
        (last, Label(tail, label.text, label.primary)),
    ]


def _row(
    document: Document, row: int, labels: list[Label], width: int, primary: str, paint: Paint
) -> list[str]:
    """Return one source line and the lines with its marks."""
    line = document.shown(row)
    columns = _columns(line)
    marks = []
    for label in labels:
        first = min(document.place(label.span.start).column - 1, len(line))
        last = min(max(document.place(label.span.end).column - 1, first), len(line))
        start, end = columns[first], columns[last]
        marks.append(_Mark(start, max(end, start + 1), label.text, label.primary))
    text = _expanded(line, columns)
    if columns[-1] > WIDTH:
        text = _cut(line, columns, marks)
    number = document.place(document.line_starts[row - 1]).row
    lines = [f"{paint(GUTTER, f'{number:{width}} |')} {text}".rstrip()]
    gutter = paint(GUTTER, f"{'':{width}} |")
    return lines + [f"{gutter} {below}" for below in _below(marks, primary, paint)]


def _columns(line: str) -> list[int]:
    """Return the terminal column where each character starts, and the end of the last."""
    columns, column = [], 0
    for character in line:
        columns.append(column)
        if character == "\t":
            column += TAB - column % TAB
        elif character.isascii():
            column += 1
        elif unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn"):
            pass
        else:
            column += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return [*columns, column]


def _expanded(line: str, columns: list[int], first: int = 0, last: int | None = None) -> str:
    """Return characters `first` to `last` as they are printed."""
    last = len(line) if last is None else last
    return "".join(
        " " * (columns[i + 1] - columns[i]) if line[i] == "\t" else printable(line[i])
        for i in range(first, last)
    )


def _cut(line: str, columns: list[int], marks: list[_Mark]) -> str:
    """Return the part of a long line around its marks, and move the marks with it."""
    shown = next((mark for mark in marks if mark.primary), marks[0] if marks else None)
    left = max(0, min(shown.start - _LEAD, columns[-1] - WIDTH)) if shown else 0
    first = next(i for i, column in enumerate(columns) if column >= left)
    last = max(i for i, column in enumerate(columns) if column <= columns[first] + WIDTH)
    lead, trail = "…" if first else "", "…" if last < len(line) else ""
    origin, edge = columns[first], columns[last]
    for mark in marks:
        mark.start = min(max(mark.start, origin), edge) - origin + len(lead)
        mark.end = max(min(mark.end, edge) - origin + len(lead), mark.start + 1)
    return lead + _expanded(line, columns, first, last) + trail


def _below(marks: list[_Mark], primary: str, paint: Paint) -> list[str]:
    """Return the underlines and the words of the marks on one line.

    The mark that ends last has its words beside it; the others hang below on connectors,
    rightmost first.
    """
    if not marks:
        return []
    cells: dict[int, tuple[str, str]] = {}
    # The narrower mark is drawn over the wider one.
    for mark in sorted(marks, key=lambda mark: (mark.start - mark.end, mark.primary)):
        style, sign = (primary, "^") if mark.primary else (SECONDARY, "-")
        cells |= dict.fromkeys(range(mark.start, mark.end), (style, sign))
    worded = sorted(
        (mark for mark in marks if mark.text), key=lambda mark: (mark.start, mark.primary)
    )
    edge = max(mark.end for mark in marks)
    beside = next((mark for mark in reversed(worded) if mark.end == edge), None)
    underline = _painted(cells, paint)
    if beside is not None:
        underline += " " + paint(_style(beside, primary), beside.text)
        worded.remove(beside)
    lines = [underline]
    if worded:
        lines.append(_connectors(worded, primary, paint))
    while worded:
        mark = worded.pop()
        waiting = [other for other in worded if other.start < mark.start]
        before = _connectors(waiting, primary, paint)
        reached = max((other.start + 1 for other in waiting), default=0)
        words = paint(_style(mark, primary), mark.text)
        lines.append(before + " " * (mark.start - reached) + words)
    return lines


def _connectors(marks: Sequence[_Mark], primary: str, paint: Paint) -> str:
    return _painted({mark.start: (_style(mark, primary), "|") for mark in marks}, paint)


def _style(mark: _Mark, primary: str) -> str:
    return primary if mark.primary else SECONDARY


def _painted(cells: dict[int, tuple[str, str]], paint: Paint) -> str:
    """Return signs at their columns, runs of one colour painted together."""
    parts, run, run_style = [], "", ""
    for column in range(max(cells, default=-1) + 1):
        style, sign = cells.get(column, ("", " "))
        if style != run_style:
            parts.append(paint(run_style, run))
            run, run_style = "", style
        run += sign
    return "".join([*parts, paint(run_style, run)])
