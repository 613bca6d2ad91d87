"""One source as the analyser sees it: text, its tree, and the way back to bytes and places."""

from __future__ import annotations

import ast
import codecs
import re
import sys
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from peft_lint.finding import Edit, Span
from peft_lint.lean import Record
from peft_lint.outline import Outline

# PEP 263: a comment on line one or two; the second only counts after a blank or a comment.
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
# Python ends lines here and nowhere else; str.splitlines also splits at form feeds.
_LINE_END = re.compile(r"\r\n|\r|\n")
# Most nodes are one of these, and lead to none but contexts.
_WITHOUT_NODES = frozenset((ast.Name, ast.Constant))
# Beyond this, `ast` alone needs over a gigabyte of memory.
MAX_BYTES = 5_000_000


def not_python(error: SyntaxError) -> str:
    """Return what is said of a text that the Python which runs this program cannot parse."""
    major, minor, *_ = sys.version_info
    return f"not valid Python {major}.{minor}: {error.msg}"


def not_text(error: UnicodeDecodeError, encoding: str) -> str:
    """Return what is said of bytes that an encoding does not have."""
    return f"not {encoding} text: byte 0x{error.object[error.start]:02x} cannot be decoded"


def row_of(error: UnicodeDecodeError) -> int:
    """Return the 1-based line in which a byte cannot be decoded."""
    return len(_LINE_END.findall(error.object[: error.start].decode("latin-1"))) + 1


class DocumentError(Exception):
    """A source that cannot be analysed: not text, not Python, or too large.

    `row` and `column` are 1-based places in the file, or 1 where only the file is known.
    """

    def __init__(self, message: str, row: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.row = row
        self.column = column


class Place(Record):
    """A position as people count: 1-based row and column in code points.

    `cell` is the 1-based number of a notebook cell, None outside notebooks.
    """

    cell: int | None
    row: int
    column: int


class OriginEdit(Record):
    """An edit as it has to be made in the origin: what lies between two places is replaced."""

    start: Place
    end: Place
    content: str


class Problem(Record):
    """A part of a document that is not Python and was left out: where, and why."""

    span: Span
    message: str


class Document:
    """Python text, its origin and its positions.

    `text` holds the decoded source exactly, line ends and form feeds included, but no byte
    order mark. `path` is the name to show. `encoding` is what the bytes were read with.

    Of a Python file this is all there is to say. Where the text stands for parts of another
    file, a subclass maps its positions back, and says what else it knows: `problems` are parts
    that were left out, `commands` what it has the shell do, `part` is which document of its
    file it is.
    """

    problems: tuple[Problem, ...] = ()
    commands: tuple[str, ...] = ()
    part: int = 0

    def __init__(
        self,
        path: str,
        text: str,
        encoding: str = "utf-8",
        bom: bool = False,
        given_tree: ast.Module | None = None,
    ) -> None:
        self.path = path
        self.text = text
        self.encoding = encoding
        self.bom = bom
        self.given_tree = given_tree

    @classmethod
    def from_bytes(cls, data: bytes, path: str) -> Document:
        """Decode `data` as Python does (PEP 263); raise DocumentError when it cannot."""
        if len(data) > MAX_BYTES:
            raise DocumentError(f"larger than {MAX_BYTES // 1_000_000} MB, not analysed")
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DocumentError("not Python: text in UTF-16, save it as UTF-8")
        bom = data.startswith(codecs.BOM_UTF8)
        body = data[len(codecs.BOM_UTF8) :] if bom else data
        encoding = "utf-8" if bom else _declared_encoding(body)
        try:
            text = body.decode(encoding)
        except LookupError:
            raise DocumentError(f"unknown encoding {encoding!r} in the coding comment") from None
        except UnicodeDecodeError as error:
            before = body[: error.start].decode(encoding, "replace")
            column = len(before) - line_starts(before)[-1] + 1
            raise DocumentError(not_text(error, encoding), row_of(error), column) from None
        return cls(path, text, encoding, bom)

    @property
    def following(self) -> Document | None:
        """The next document of the same file."""
        return None

    def to_bytes(self) -> bytes:
        """Return the whole file as it would be written; raise DocumentError when it cannot."""
        try:
            body = self.file_text.encode(self.encoding)
        except UnicodeEncodeError:
            raise DocumentError(f"the fixed text cannot be written as {self.encoding}") from None
        return codecs.BOM_UTF8 + body if self.bom else body

    @cached_property
    def tree(self) -> ast.Module:
        """The module's syntax tree; raise DocumentError when the text is not Python."""
        if self.given_tree is not None:
            return self.given_tree
        try:
            # Invalid escapes in the analysed code are not this program's warnings.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.text)
        except SyntaxError as error:
            row, column = error.lineno or 0, max(error.offset or 1, 1)
            if not row:
                row, column = self._null_character()
            raise DocumentError(not_python(error), row, column) from None
        except (ValueError, RecursionError, MemoryError) as error:
            detail = str(error) or type(error).__name__
            message = f"not analysed: the parser gave up ({detail})"
            raise DocumentError(message, *self._null_character()) from None

    def _null_character(self) -> tuple[int, int]:
        """Return row and column of what Python refuses without naming a place, else of the top."""
        at = max(self.text.find("\0"), 0)
        row = self.row(at)
        return row, at - self.line_starts[row - 1] + 1

    @cached_property
    def outline(self) -> Outline:
        """The words of the tree."""
        return Outline(self.tree)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree but those of contexts and operators, outer ones first."""
        found: list[ast.AST] = [self.tree]
        # The list grows while it is gone through.
        for node in found:
            if node.__class__ in _WITHOUT_NODES:
                continue
            for name in node._fields:
                value = getattr(node, name, None)
                if value.__class__ is list:
                    found += [one for one in value if isinstance(one, ast.AST)]
                elif isinstance(value, ast.AST) and value._fields:
                    found.append(value)
        return found

    def let_go(self) -> None:
        """Free the memory of what was made of the text; it is made anew if somebody asks."""
        for name in ("tree", "outline", "nodes"):
            self.__dict__.pop(name, None)

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of each line's first character."""
        return line_starts(self.text)

    @cached_property
    def newline(self) -> str:
        """The line end to write: the first one that the text uses."""
        match = _LINE_END.search(self.text)
        return match.group() if match else "\n"

    def line(self, row: int) -> str:
        """Return the text of the 1-based line `row`, without its line end."""
        start = self.line_starts[row - 1]
        end = self.line_starts[row] if row < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def offset(self, row: int, column: int) -> int:
        """Return the offset of a position as `ast` gives it: 1-based row, UTF-8 byte column."""
        start = self.line_starts[row - 1]
        part = self.text[start : start + column]
        if part.isascii():
            return start + column
        line = self.line(row)
        return start + len(
            line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace")
        )

    def span(self, node: ast.expr | ast.stmt | ast.keyword | ast.arg | ast.alias) -> Span:
        """Return the range of a node of this document's tree."""
        end_row, end_column = node.end_lineno, node.end_col_offset
        if end_row is None or end_column is None:
            end_row, end_column = node.lineno, node.col_offset
        return Span(self.offset(node.lineno, node.col_offset), self.offset(end_row, end_column))

    def source(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """Return the text that a node of this document's tree was parsed from."""
        span = self.span(node)
        return self.text[span.start : span.end]

    def row(self, offset: int) -> int:
        """Return the 1-based line of the joined text on which `offset` lies."""
        return bisect_right(self.line_starts, offset)

    def place(self, offset: int) -> Place:
        """Return where `offset` lies in the origin, as people count."""
        row = self.row(offset)
        return Place(None, row, offset - self.line_starts[row - 1] + 1)

    def offset_at(self, place: Place) -> int | None:
        """Return the offset that stands for a place in the origin, None if none does."""
        row = self.row_at(place.cell, place.row)
        return self.line_starts[row - 1] + place.column - 1 if row is not None else None

    def row_at(self, cell: int | None, row: int) -> int | None:
        """Return the line of the text that stands for a line of the origin, None if none does."""
        return row if cell is None and 1 <= row <= len(self.line_starts) else None

    def shown(self, row: int) -> str:
        """Return the origin's line that the 1-based line `row` of the text stands for."""
        return self.line(row)

    def original(self, edit: Edit) -> OriginEdit | None:
        """Return `edit` as it is made in the origin, None where it has no place there."""
        return OriginEdit(self.place(edit.span.start), self.place(edit.span.end), edit.content)

    @property
    def sources(self) -> Mapping[int | None, str]:
        """The texts that `place` counts in: one without a number, or those of numbered cells."""
        return {None: self.text}

    @property
    def file_text(self) -> str:
        """The text of the whole file, as other programs read it."""
        return self.text

    def file_span(self, span: Span) -> Span:
        """Return what of the file's text `span` stands for."""
        return span

    def file_edit(self, edit: Edit) -> Edit | None:
        """Return `edit` as it is made in the file's text, None where it has no place there."""
        return edit

    def edited(self, edits: Sequence[Edit]) -> Document:
        """Return the document with `edits` made; they must be sorted and must not overlap.

        Raise DocumentError where the origin cannot be changed so.
        """
        return Document(self.path, replaced(self.text, edits), self.encoding, self.bom)

    def output(self, row: int | None = None) -> str:
        """Return what running the part around a 1-based line, or all, had printed, if saved."""
        return ""

    def execution_count(self, row: int) -> int | None:
        """Return as which the part around a 1-based line was run last, None where that is open."""
        return None


def line_starts(text: str) -> list[int]:
    """Return the offset of each line's first character, as Python counts lines."""
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def replaced(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with sorted edits made."""
    parts, position = [], 0
    for edit in edits:
        parts += [text[position : edit.span.start], edit.content]
        position = edit.span.end
    return "".join([*parts, text[position:]])


def _declared_encoding(data: bytes) -> str:
    """Return the encoding that a coding comment names, else utf-8."""
    for line in data.split(b"\n", 2)[:2]:
        match = _COOKIE.match(line)
        if match:
            return match.group(1).decode("ascii", "replace")
        if not _BLANK.match(line.rstrip(b"\r")):
            break
    return "utf-8"
