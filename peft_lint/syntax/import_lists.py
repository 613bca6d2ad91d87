"""Adds names to an existing `from m import a, b`, in the list's own order and layout."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from peft_lint.document import Document
from peft_lint.finding import Edit, Span

# What may stand between the last name and its comma or the closing parenthesis.
_GAP = re.compile(r"(?:\s|\\\r?\n|#[^\r\n]*)*")
_Key = Callable[[str], tuple[int, str]]


def isort_key(name: str) -> tuple[int, str]:
    """Return isort's default order: constants, then classes, then the rest."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[:1].isupper() else 2), name


def _no_case(name: str) -> tuple[int, str]:
    return 0, name.lower()


def _plain(name: str) -> tuple[int, str]:
    return 0, name


def with_names(document: Document, statement: ast.ImportFrom, names: set[str]) -> list[Edit]:
    """Return the edits that add `names` to a list: at their place if it is sorted, else last."""
    aliases = statement.names
    have = [alias.name for alias in aliases]
    keys: list[_Key] = [isort_key, _no_case, _plain]
    key = next((k for k in keys if have == sorted(have, key=k)), None)
    gaps: dict[int, list[str]] = {}
    for name in sorted(names, key=key or isort_key):
        place = sum(key(other) < key(name) for other in have) if key else len(have)
        gaps.setdefault(place, []).append(name)
    add = _on_lines if _one_per_line(document, statement) else _inline
    edits = [edit for place, new in gaps.items() for edit in add(document, aliases, place, new)]
    return sorted(edits)


def _one_per_line(document: Document, statement: ast.ImportFrom) -> bool:
    """Tell whether each name has a line of its own inside parentheses."""
    rows = [alias.lineno for alias in statement.names]
    if len(set(rows)) < len(rows) or "(" not in document.source(statement):
        return False
    return len(rows) > 1 or not _before(document, statement.names[0]).strip()


def _inline(
    document: Document, aliases: list[ast.alias], place: int, names: list[str]
) -> list[Edit]:
    text = ", ".join(names)
    if place < len(aliases):
        start = document.span(aliases[place]).start
        return [Edit(Span(start, start), f"{text}, ")]
    end = document.span(aliases[-1]).end
    return [Edit(Span(end, end), f", {text}")]


def _on_lines(
    document: Document, aliases: list[ast.alias], place: int, names: list[str]
) -> list[Edit]:
    first = _before(document, aliases[-1])
    indent = re.sub(r"\S", " ", first)
    newline = document.newline
    if place == 0:
        start = document.span(aliases[0]).start
        return [Edit(Span(start, start), "".join(f"{n},{newline}{indent}" for n in names))]
    # After the line of the name before, so that its comment stays with it.
    end = document.span(aliases[place - 1]).end
    edits: list[Edit] = []
    gap = _GAP.match(document.text, end)
    comma = gap.end() if gap and document.text[gap.end() : gap.end() + 1] == "," else None
    row = document.row(end)
    line_end = document.line_starts[row - 1] + len(document.line(row))
    rest = document.text[(end if comma is None else comma + 1) : line_end].strip()
    if comma is None and rest.startswith(")"):
        return [Edit(Span(end, end), "".join(f",{newline}{indent}{name}" for name in names))]
    if (comma is not None and comma > line_end) or (rest and not rest.startswith("#")):
        return _inline(document, aliases, place, names)
    trailing = "" if comma is None else ","
    content = f",{newline}{indent}".join(names)
    if comma is None:
        edits.append(Edit(Span(end, end), ","))
    edits.append(Edit(Span(line_end, line_end), f"{newline}{indent}{content}{trailing}"))
    if len(edits) == 2 and end == line_end:
        return [Edit(Span(end, end), edits[0].content + edits[1].content)]
    return edits


def _before(document: Document, alias: ast.alias) -> str:
    """Return the text before a name on its line."""
    start = document.span(alias).start
    return document.text[document.line_starts[document.row(start) - 1] : start]
