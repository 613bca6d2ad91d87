"""Where the parts of a document's text come from: the map between it and its origin."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from peft_lint.finding import Span
from peft_lint.lean import Record


class Piece(Record):
    """A run of text that stands in the origin letter by letter, beginning at `source` there.

    Between two pieces the text stands for what lies between them in the origin, but is not it.
    """

    start: int
    end: int
    source: int


class PieceMap:
    """The pieces of one text, in order; the first begins with the text."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._starts = [piece.start for piece in pieces]
        self._ends = [piece.end for piece in pieces]
        self._sources = [piece.source for piece in pieces]

    def source(self, offset: int) -> int:
        """Return the place in the origin that `offset` stands for."""
        index = bisect_right(self._starts, offset) - 1
        piece = self._pieces[index]
        place = piece.source + offset - piece.start
        following = self._pieces[index + 1] if index + 1 < len(self._pieces) else None
        return min(place, following.source) if following else place

    def text(self, source: int) -> int:
        """Return the place in the text that stands for a place in the origin."""
        index = max(bisect_right(self._sources, source) - 1, 0)
        piece = self._pieces[index]
        place = piece.start + max(source - piece.source, 0)
        following = self._pieces[index + 1] if index + 1 < len(self._pieces) else None
        return min(place, following.start) if following else place

    def replaceable(self, span: Span) -> Span | None:
        """Return what to replace in the origin for `span`, None where it is not all of it there.

        An insertion between two pieces goes right behind the first one.
        """
        if span.start == span.end:
            # The leftmost piece that holds the place, be it as its end.
            index = bisect_left(self._ends, span.start)
            if index == len(self._pieces) or self._pieces[index].start > span.start:
                return None
            piece = self._pieces[index]
            place = piece.source + span.start - piece.start
            return Span(place, place)
        first = bisect_right(self._starts, span.start) - 1
        last = bisect_left(self._ends, span.end)
        if last == len(self._pieces):
            return None
        for index in range(first, last + 1):
            piece = self._pieces[index]
            before = self._pieces[index - 1] if index > first else None
            if before and (before.end != piece.start):
                return None
        one, other = self._pieces[first], self._pieces[last]
        if not one.start <= span.start < one.end or not other.start < span.end <= other.end:
            return None
        return Span(one.source + span.start - one.start, other.source + span.end - other.start)
