"""Markdown: each fenced block of Python that parses is a document of its own."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from peft_lint.document import (
    Document,
    DocumentError,
    OriginEdit,
    Place,
    line_starts,
    replaced,
)
from peft_lint.finding import Edit, Span
from peft_lint.lean import Record
from peft_lint.pieces import Piece, PieceMap

# What may stand before a fence: quotes, and the markers of list items.
_OPENING = re.compile(
    r"(?P<before>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+[ \t>]*)*)"
    r"(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>.*)"
)
_PYTHON = re.compile(r"\{?\.?(?:python3?|py)(?![\w+-])", re.IGNORECASE)


class _Block(Record):
    """A fenced block: its first line in the page from 0, the prefix of its lines, its text."""

    first: int
    prefix: str
    text: str
    pieces: tuple[Piece, ...]


class _Page(Record):
    """A page as text, where its lines begin, and its blocks of Python."""

    text: str
    starts: Sequence[int]
    blocks: tuple[_Block, ...]

    def place(self, offset: int) -> Place:
        row = bisect_right(self.starts, offset)
        return Place(None, row, offset - self.starts[row - 1] + 1)


class Block(Document):
    """One block of a page as a module; what it says of places and edits is of the page."""

    def __init__(self, path: str, page: _Page, part: int, *, bom: bool = False) -> None:
        self._page = page
        self._block = page.blocks[part]
        self._pieces = PieceMap(self._block.pieces)
        self.part = part
        super().__init__(path, self._block.text, bom=bom)

    @property
    def following(self) -> Block | None:
        """The next block of the page."""
        return _from(self._page, self.path, self.part + 1, bom=self.bom)

    def place(self, offset: int) -> Place:
        """Return the line and column of the page that `offset` stands for."""
        return self._page.place(self._pieces.source(offset))

    def offset_at(self, place: Place) -> int | None:
        """Return the offset in the block that stands for a place in the page."""
        if self.row_at(place.cell, place.row) is None:
            return None
        return self._pieces.text(self._page.starts[place.row - 1] + place.column - 1)

    def row_at(self, cell: int | None, row: int) -> int | None:
        """Return the line of the block that stands for a line of the page."""
        inside = row - self._block.first
        return inside if cell is None and 1 <= inside < len(self.line_starts) else None

    def shown(self, row: int) -> str:
        """Return the line of the page that a line of the block stands for."""
        return _line(self._page.text, self._page.starts, self._block.first + row - 1)

    def original(self, edit: Edit) -> OriginEdit | None:
        """Return `edit` as it is made in the page, None where it has no place there."""
        found = self._in_page(edit)
        if found is None:
            return None
        (start, end), content = found
        return OriginEdit(self._page.place(start), self._page.place(end), content)

    @property
    def sources(self) -> Mapping[int | None, str]:
        """The page."""
        return {None: self._page.text}

    @property
    def file_text(self) -> str:
        """The text of the page."""
        return self._page.text

    def file_span(self, span: Span) -> Span:
        """Return the range in the page."""
        return Span(self._pieces.source(span.start), self._pieces.source(span.end))

    def file_edit(self, edit: Edit) -> Edit | None:
        """Return `edit` as it is made in the page."""
        found = self._in_page(edit)
        return Edit(*found) if found else None

    def edited(self, edits: Sequence[Edit]) -> Block:
        """Return the block in a page with `edits` made; raise DocumentError if it cannot."""
        changes = []
        for edit in edits:
            change = self.file_edit(edit)
            if change is None:
                raise DocumentError("the fix would change more than the block")
            changes.append(change)
        page = _read(replaced(self._page.text, changes))
        if len(page.blocks) != len(self._page.blocks):
            raise DocumentError("the fix would change what is Python in the page")
        after = Block(self.path, page, self.part, bom=self.bom)
        if after.text != replaced(self.text, edits):
            raise DocumentError("the fix would change more than the block")
        return after

    def _in_page(self, edit: Edit) -> tuple[Span, str] | None:
        """Return the range of an edit in the page, and what to put there."""
        (start, end), content = edit
        prefix = self._block.prefix
        whole = not content or content.endswith(("\n", "\r"))
        if whole and {start, end} <= {*self.line_starts}:
            # Whole lines, with what stands before each of them; a blank one may have nothing.
            low, high = (
                self._page.starts[self._block.first + self.row(at) - 1] for at in edit.span
            )
            lines = content.splitlines(keepends=True)
            return Span(low, high), "".join(prefix + line for line in lines)
        span = self._pieces.replaceable(edit.span)
        if start == end:
            # Behind the prefix of a line, not before it.
            at = self._pieces.source(start)
            span = Span(at, at)
        return None if span is None else (span, re.sub(r"(\r\n|\r|\n)", rf"\1{prefix}", content))


def read(data: bytes, path: str) -> Block | None:
    """Return the first block of a page, None where it has none.

    Raise UnicodeDecodeError where the page is not text.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    page = _read(data[len(codecs.BOM_UTF8) if bom else 0 :].decode("utf-8"))
    return _from(page, path, 0, bom=bom)


def _from(page: _Page, path: str, part: int, *, bom: bool) -> Block | None:
    """Return the first block from `part` on that parses."""
    for number in range(part, len(page.blocks)):
        block = Block(path, page, number, bom=bom)
        try:
            _ = block.tree
        except DocumentError:
            continue
        return block
    return None


def _read(text: str) -> _Page:
    starts = line_starts(text)
    return _Page(text, starts, tuple(_blocks(text, starts)))


def _line(text: str, starts: Sequence[int], index: int) -> str:
    stop = starts[index + 1] if index + 1 < len(starts) else len(text)
    return text[starts[index] : stop].rstrip("\r\n")


def _blocks(text: str, starts: Sequence[int]) -> Iterator[_Block]:
    """Yield the blocks of Python whose lines all have the prefix of their fence."""
    lines = [_line(text, starts, index) for index in range(len(starts))]
    index = 0
    while index < len(lines):
        opening = _OPENING.match(lines[index])
        if lines[index].lstrip().startswith("<!--"):
            while index < len(lines) and "-->" not in lines[index]:
                index += 1
        elif opening and not (opening["fence"][0] == "`" and "`" in opening["info"]):
            prefix = re.sub(r"[^ \t>]", " ", opening["before"])
            first = index + 1
            index = _closing(lines, first, prefix, opening["fence"])
            if index < len(lines) and _PYTHON.match(opening["info"]):
                block = _block(text, starts, range(first, index), prefix)
                if block is not None:
                    yield block
        index += 1


def _closing(lines: Sequence[str], first: int, prefix: str, fence: str) -> int:
    """Return the line of the closing fence; the number of lines where there is none."""
    closing = re.compile(rf"[ \t>]{{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*")
    for index in range(first, len(lines)):
        line = lines[index]
        inside = line[len(prefix) :] if line.startswith(prefix) else line.lstrip(" \t>")
        if closing.fullmatch(inside):
            return index
    return len(lines)


def _block(text: str, starts: Sequence[int], rows: range, prefix: str) -> _Block | None:
    """Return a block without the prefix of its lines, None where a line has another one."""
    parts: list[str] = []
    pieces: list[Piece] = []
    length = 0
    for row in rows:
        line = text[starts[row] : starts[row + 1]]
        content = line.rstrip("\r\n")
        if content.startswith(prefix):
            cut = len(prefix)
        elif content.strip() in ("", prefix.strip()):
            cut = len(content)
        else:
            return None
        parts.append(line[cut:])
        pieces.append(Piece(length, length + len(line) - cut, starts[row] + cut))
        length += len(line) - cut
    return _Block(rows.start, prefix, "".join(parts), tuple(pieces)) if parts else None
