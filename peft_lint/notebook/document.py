"""A notebook as one document: its code cells in order, masked, with the way back to the JSON."""

from __future__ import annotations

import ast
import codecs
import warnings
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from peft_lint.document import (
    MAX_BYTES,
    Document,
    DocumentError,
    OriginEdit,
    Place,
    Problem,
    line_starts,
    not_python,
    not_text,
    replaced,
    row_of,
)
from peft_lint.finding import Edit, Span
from peft_lint.lean import Record
from peft_lint.notebook import raw
from peft_lint.notebook.magics import blanked, mask
from peft_lint.pieces import PieceMap


class _Part(Record):
    """A code cell in the text: `span` is its own text, without the lines that part cells.

    `number` counts all cells from 1. `starts` are where the lines of its source begin.
    """

    number: int
    cell: raw.Cell
    span: Span
    pieces: PieceMap
    starts: Sequence[int]

    def place(self, offset: int) -> Place:
        """Return the row and column of an offset in the source."""
        row = bisect_right(self.starts, offset)
        return Place(self.number, row, offset - self.starts[row - 1] + 1)


class Notebook(Document):
    """All Python cells of a notebook as one module."""

    def __init__(self, path: str, source: raw.Raw, *, bom: bool = False) -> None:
        self._raw = source
        self._parts: list[_Part] = []
        texts: list[str] = []
        commands: list[str] = []
        problems: list[Problem] = []
        length = 0
        for number, cell in enumerate(source.cells, 1):
            if not _is_python(cell):
                continue
            code = cell.source
            masked = mask(code)
            start = length
            if (error := _syntax_error(masked.text)) is not None:
                # Its blanked text is as long as its source.
                at = start + PieceMap(masked.pieces).source(_offset(masked.text, error))
                words = f"{not_python(error)}; this cell is left out"
                problems.append(Problem(Span(at, at), words))
                masked = blanked(code)
            commands += masked.commands
            span = Span(start, start + len(masked.text))
            pieces = PieceMap(masked.pieces)
            self._parts.append(_Part(number, cell, span, pieces, line_starts(code)))
            # The blank line takes what is inserted behind a cell's last line.
            border = "\n" if code.endswith(("\n", "\r")) or not code else "\n\n"
            texts += [masked.text, border]
            length = span.end + len(border)
        super().__init__(path, "".join(texts), bom=bom)
        if len(self.text) > MAX_BYTES:
            raise DocumentError(f"more than {MAX_BYTES // 1_000_000} MB of code, not analysed")
        self.commands = tuple(commands)
        self.problems = tuple(problems)

    def place(self, offset: int) -> Place:
        """Return the cell, row and column that `offset` stands for."""
        part = self._part(offset)
        if part is None:
            return Place(None, 1, 1)
        inside = min(offset, part.span.end) - part.span.start
        return part.place(part.pieces.source(inside))

    def offset_at(self, place: Place) -> int | None:
        """Return the offset that stands for a place in a code cell."""
        for part in self._parts:
            if part.number == place.cell and place.row <= len(part.starts):
                inside = part.starts[place.row - 1] + place.column - 1
                return part.span.start + part.pieces.text(inside)
        return None

    def row_at(self, cell: int | None, row: int) -> int | None:
        """Return the line of the text that stands for a line of a code cell."""
        for part in self._parts:
            if part.number == cell and 1 <= row <= len(part.starts):
                return self.row(part.span.start) + row - 1
        return None

    def shown(self, row: int) -> str:
        """Return the line of the cell that a line of the text stands for."""
        start = self.line_starts[row - 1]
        part = self._part(start)
        if part is None or start > part.span.end:
            return ""
        line = self.place(start).row
        stop = part.starts[line] if line < len(part.starts) else None
        return part.cell.source[part.starts[line - 1] : stop].rstrip("\r\n")

    def original(self, edit: Edit) -> OriginEdit | None:
        """Return `edit` as it is made in its cell, None where it has no place in one."""
        found = self._in_cell(edit)
        if found is None:
            return None
        part, span, content = found
        return OriginEdit(part.place(span.start), part.place(span.end), content)

    @property
    def sources(self) -> Mapping[int | None, str]:
        """The sources of the Python cells."""
        return {part.number: part.cell.source for part in self._parts}

    @property
    def file_text(self) -> str:
        """The JSON, of which only changed sources differ from what was read."""
        return self._raw.text

    def file_span(self, span: Span) -> Span:
        """Return where the characters of `span` are written in the JSON."""
        part = self._part(span.start)
        if part is None or not part.cell.tokens:
            return Span(0, 0)
        start, end = (part.pieces.source(min(at, part.span.end) - part.span.start) for at in span)
        return self._raw.written(part.cell, Span(start, end))

    def file_edit(self, edit: Edit) -> Edit | None:
        """Return `edit` as it is made in the JSON."""
        found = self._in_cell(edit)
        return self._raw.edit(found[0].cell, found[1], found[2]) if found else None

    def edited(self, edits: Sequence[Edit]) -> Notebook:
        """Return the notebook with `edits` made in its JSON; raise DocumentError if it cannot."""
        changes = []
        for edit in edits:
            change = self.file_edit(edit)
            if change is None:
                raise DocumentError("the fix would change more than Python")
            changes.append(change)
        json = replaced(self._raw.text, sorted(changes))
        after = Notebook(self.path, raw.parse(json), bom=self.bom)
        if after.text != replaced(self.text, edits):
            raise DocumentError("the fix would change the meaning of a cell")
        return after

    def output(self, row: int | None = None) -> str:
        """Return what the cell around a line of the text, or all cells, had printed."""
        if row is None:
            return "\n".join(part.cell.printed for part in self._parts)
        part = self._part(self.line_starts[row - 1])
        return part.cell.printed if part else ""

    def execution_count(self, row: int) -> int | None:
        """Return the execution count of the cell around a line of the text."""
        part = self._part(self.line_starts[row - 1])
        count = part.cell.fields.get("execution_count") if part else None
        return count if isinstance(count, int) else None

    def _part(self, offset: int) -> _Part | None:
        index = bisect_right(self._parts, offset, key=lambda part: part.span.start)
        return self._parts[max(index - 1, 0)] if self._parts else None

    def _in_cell(self, edit: Edit) -> tuple[_Part, Span, str] | None:
        """Return the cell of an edit, the range in its source, and what to put there."""
        part = self._part(edit.span.start)
        if part is None or not part.cell.tokens:
            return None
        start, end = part.span
        low, high = edit.span.start - start, edit.span.end - start
        content, length = edit.content, end - start
        if low > length and low == high:
            # Behind the last line, which has no line end of its own.
            low = high = length
            newline = content[len(content.rstrip("\r\n")) :]
            content = newline + content[: len(content) - len(newline)]
        if high > length:
            if content or high != length + 1:
                return None
            # A last line that goes takes the line end before it along.
            high = length
        span = part.pieces.replaceable(Span(low, high))
        return (part, span, content) if span is not None else None


def read(data: bytes, path: str) -> Notebook | None:
    """Return the document of a notebook, None if its language is not Python.

    Raise raw.NotebookError where it is no notebook.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    try:
        text = data[len(codecs.BOM_UTF8) if bom else 0 :].decode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"{not_text(error, 'UTF-8')}, in line {row_of(error)}"
        raise raw.NotebookError(reason) from None
    source = raw.parse(text)
    return Notebook(path, source, bom=bom) if _speaks_python(source) else None


def _speaks_python(source: raw.Raw) -> bool:
    named = [source.metadata.get(key) for key in ("language_info", "kernelspec")]
    info, kernel = [value if isinstance(value, dict) else {} for value in named]
    language = info.get("name") or kernel.get("language")
    return not isinstance(language, str) or language.lower() in ("python", "ipython", "python3")


def _is_python(cell: raw.Cell) -> bool:
    if cell.kind != "code":
        return False
    metadata = cell.fields.get("metadata")
    editor = metadata.get("vscode") if isinstance(metadata, dict) else None
    language = editor.get("languageId", "python") if isinstance(editor, dict) else "python"
    return bool(language == "python")


def _syntax_error(text: str) -> SyntaxError | None:
    """Return why a cell is not Python on its own."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(f"the parser gave up ({error})", ("", 1, 1, ""))
    return None


def _offset(text: str, error: SyntaxError) -> int:
    """Return the offset of the place that an error names."""
    document = Document("", text)
    row = min(error.lineno or 1, len(document.line_starts))
    column = min(max((error.offset or 1) - 1, 0), len(document.line(row)))
    return document.line_starts[row - 1] + column
