"""Places in the file itself, as the programs that read reports count them."""

from __future__ import annotations

import os
from bisect import bisect_right

from peft_lint.document import Document, line_starts
from peft_lint.finding import Finding, Span
from peft_lint.lean import Record


class Region(Record):
    """A range of a file: 1-based rows and columns in code points, the end exclusive.

    The columns in UTF-8 bytes are `byte_column` and `end_byte_column`.
    """

    row: int
    column: int
    end_row: int
    end_column: int
    byte_column: int
    end_byte_column: int


class Places:
    """Where spans of one document lie in its file: of a notebook that is its JSON."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._text = document.file_text
        self._starts = line_starts(self._text)

    def region(self, span: Span) -> Region:
        """Return the place of a range of the document."""
        return self.in_file(self._document.file_span(span))

    def in_file(self, span: Span) -> Region:
        """Return the place of a range of the file's text."""
        row, start = self._row(span.start)
        end_row, end_start = self._row(span.end)
        return Region(
            row,
            span.start - start + 1,
            end_row,
            span.end - end_start + 1,
            len(self._text[start : span.start].encode("utf-8", "surrogatepass")) + 1,
            len(self._text[end_start : span.end].encode("utf-8", "surrogatepass")) + 1,
        )

    def _row(self, offset: int) -> tuple[int, int]:
        row = bisect_right(self._starts, offset)
        return row, self._starts[row - 1]


def message(document: Document, finding: Finding) -> str:
    """Return what a finding says, in a notebook with its cell: the lines of the JSON say little."""
    place = document.place(finding.span.start)
    where = f"cell {place.cell}, line {place.row}: " if place.cell else ""
    return where + finding.message


def relative(path: str) -> str:
    """Return a path from the working directory, with slashes, as the programs of CI want it."""
    return os.path.relpath(path).replace(os.sep, "/") if path != "-" else path
