"""The JSON of a notebook as text: where its sources stand in it, and how to change only them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]

from peft_lint.finding import Edit, Span
from peft_lint.lean import TYPE_CHECKING, Record

if TYPE_CHECKING:
    from typing import Any

    _Reader = Callable[[str, int], tuple[Any, int]]

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
# One character of a JSON string as it is written.
_WRITTEN = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]",
    re.DOTALL,
)

_DEEP = "not a notebook: its JSON is nested too deep"
_ADVICE = "; save it again with Jupyter, or exclude it"
_LINES = re.compile(r"[^\n]*\n|[^\n]+")


class NotebookError(Exception):
    """A text that is no notebook; the message says why."""


class _ShapeError(JSONDecodeError):
    """What stands at a place, if it is JSON, is not what a notebook has there."""


class Token(Record):
    """A string of a cell's source: its range in the JSON, without quotes, and what it says."""

    span: Span
    value: str


class Cell(Record):
    """One cell: its type, the strings of its source, and all its other fields.

    `listed` tells a source that is a list of lines from one that is a single string.
    """

    kind: str
    tokens: tuple[Token, ...]
    listed: bool
    fields: Mapping[str, Any]

    @property
    def source(self) -> str:
        """The source as one text."""
        return "".join(token.value for token in self.tokens)

    @property
    def printed(self) -> str:
        """What the cell had printed when it was saved, on either stream."""
        outputs = self.fields.get("outputs")
        texts: list[str] = []
        for output in outputs if isinstance(outputs, list) else ():
            text = output.get("text") if isinstance(output, dict) else None
            lines = text if isinstance(text, list) else [text]
            texts += [line for line in lines if isinstance(line, str)]
        return "".join(texts)


class Raw(Record):
    """The JSON text of a notebook, its cells, and its metadata."""

    text: str
    cells: tuple[Cell, ...]
    metadata: Mapping[str, Any]

    def written(self, cell: Cell, span: Span) -> Span:
        """Return where a range of a source is written; it may reach over several strings."""
        start = self._written_at(cell, span.start)
        if span.start == span.end:
            return Span(start, start)
        return Span(start, self._written_at(cell, span.end - 1, behind=True))

    def edit(self, cell: Cell, span: Span, content: str) -> Edit:
        """Return the edit of the JSON that replaces a range of a source."""
        length = sum(len(token.value) for token in cell.tokens)
        start, end = self._written_at(cell, span.start), self._written_at(cell, span.end)
        if span.end == length and span.start < span.end:
            end = cell.tokens[-1].span.end
            if span.start and not content:
                # The string before it becomes the last one, rather than an empty one.
                start = self._written_at(cell, span.start - 1, behind=True)
        ascii_only = self.text.isascii()
        lines = _LINES.findall(content) if cell.listed else [content]
        if cell.listed and lines:
            # A list has one string for each line.
            if span.end < length and lines[-1].endswith("\n"):
                lines.append("")
            if span.start == length and cell.source.endswith("\n"):
                lines.insert(0, "")
        written = [json.dumps(line, ensure_ascii=ascii_only)[1:-1] for line in lines]
        border = f'"{self._separator(cell)}"'
        return Edit(Span(start, end), border.join(written))

    def _written_at(self, cell: Cell, offset: int, *, behind: bool = False) -> int:
        """Return where a character of the source is written, or where it ends."""
        passed = 0
        for token in cell.tokens:
            if offset < passed + len(token.value):
                written = _WRITTEN.finditer(self.text, token.span.start, token.span.end)
                match = next(one for index, one in enumerate(written) if index == offset - passed)
                return match.end() if behind else match.start()
            passed += len(token.value)
        return cell.tokens[-1].span.end

    def _separator(self, cell: Cell) -> str:
        """Return what stands between two strings of a source in this notebook."""
        for tokens in (cell.tokens, *(one.tokens for one in self.cells if one.listed)):
            if len(tokens) > 1:
                return self.text[tokens[0].span.end + 1 : tokens[1].span.start - 1]
        first = cell.tokens[0].span.start - 1
        return "," + self.text[self.text.rindex("[", 0, first) + 1 : first]


def parse(text: str) -> Raw:
    """Read the JSON of a notebook; raise NotebookError where it is none."""
    try:
        fields, end = _object(text, _space(text, 0), {"cells": _cells}, "it is no object")
        if (end := _space(text, end)) != len(text):
            raise JSONDecodeError("Extra data", text, end)
    except JSONDecodeError as error:
        raise NotebookError(_reason(text, error)) from None
    except RecursionError:
        raise NotebookError(_DEEP) from None
    cells, metadata = fields.get("cells"), fields.get("metadata")
    if not isinstance(cells, tuple):
        raise NotebookError(f"not a notebook of format 4: it has no list of cells{_ADVICE}")
    return Raw(text, cells, metadata if isinstance(metadata, dict) else {})


def _reason(text: str, error: JSONDecodeError) -> str:
    """Return why a text is no notebook: it is no JSON, or JSON of another shape."""
    place = f"at line {error.lineno} column {error.colno}"
    if not isinstance(error, _ShapeError):
        return f"not valid JSON: {error.msg} {place}"
    try:
        json.loads(text)
    except JSONDecodeError as broken:
        return _reason(text, broken)
    except RecursionError:
        return _DEEP
    return f"not a notebook of format 4: {error.msg} {place}{_ADVICE}"


def _space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _enclosed(
    text: str, position: int, brackets: str, item: Callable[[int], int], wrong: str
) -> int:
    """Read what brackets enclose: `item` is told where each begins, and tells where it ends.

    `wrong` is what is said where something else stands there.
    """
    if text[position : position + 1] != brackets[0]:
        raise _ShapeError(wrong, text, position)
    position = _space(text, position + 1)
    if text[position : position + 1] == brackets[1]:
        return position + 1
    while True:
        position = _space(text, item(position))
        if text[position : position + 1] == brackets[1]:
            return position + 1
        if text[position : position + 1] != ",":
            raise JSONDecodeError("Expecting ',' delimiter", text, position)
        position = _space(text, position + 1)


def _string(text: str, position: int) -> tuple[Token, int]:
    if text[position : position + 1] != '"':
        raise JSONDecodeError("Expecting a string", text, position)
    value, end = scanstring(text, position + 1)
    return Token(Span(position + 1, end - 1), value), end


def _object(
    text: str, position: int, readers: Mapping[str, _Reader], wrong: str
) -> tuple[dict[str, Any], int]:
    """Read an object, some of its fields with readers of their own."""
    fields: dict[str, Any] = {}

    def item(start: int) -> int:
        name, colon = _string(text, start)
        colon = _space(text, colon)
        if text[colon : colon + 1] != ":":
            raise JSONDecodeError("Expecting ':' delimiter", text, colon)
        read = readers.get(name.value)
        value = _space(text, colon + 1)
        # What nobody asks for is read by the standard library, which is quicker.
        fields[name.value], end = read(text, value) if read else _DECODER.raw_decode(text, value)
        return end

    return fields, _enclosed(text, position, "{}", item, wrong)


def _cells(text: str, position: int) -> tuple[tuple[Cell, ...], int]:
    cells: list[Cell] = []

    def item(start: int) -> int:
        fields, end = _object(text, start, {"source": _source}, "a cell is no object")
        tokens, listed = fields.pop("source", ((), True))
        cells.append(Cell(str(fields.get("cell_type")), tokens, listed, fields))
        return end

    end = _enclosed(text, position, "[]", item, "`cells` is no list")
    return tuple(cells), end


def _source(text: str, position: int) -> tuple[tuple[tuple[Token, ...], bool], int]:
    wrong = "the source of a cell is neither a string nor a list of strings"
    if text[position : position + 1] == '"':
        token, end = _string(text, position)
        return ((token,), False), end
    tokens: list[Token] = []

    def item(start: int) -> int:
        if text[start : start + 1] != '"':
            raise _ShapeError(wrong, text, start)
        token, end = _string(text, start)
        tokens.append(token)
        return end

    end = _enclosed(text, position, "[]", item, wrong)
    return (tuple(tokens), True), end
