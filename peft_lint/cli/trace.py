"""`peft-lint trace`: what the interpreter believes at a line."""

from __future__ import annotations

import os
import sys

from peft_lint import sources
from peft_lint.cli import UsageError
from peft_lint.cli.options import Parser, add_targets, named, targets
from peft_lint.document import Document, DocumentError
from peft_lint.settings import nearest, settings_from
from peft_lint.versions import resolve


def parser() -> Parser:
    """Return the parser of `peft-lint trace`."""
    made = Parser(
        prog="peft-lint trace",
        description="Say what is believed of every model and adapter, and why.",
    )
    made.add_argument(
        "place",
        metavar="FILE[:LINE]",
        type=named,
        help="FILE:cell N:LINE in a notebook; without a line: the end of the file",
    )
    add_targets(made)
    return made


def trace(arguments: list[str]) -> int:
    """Print every model and adapter that is known at a line of a file, or at its end."""
    namespace = parser().parse(arguments)
    path, cell, line = _split(namespace.place)
    try:
        with open(path, "rb") as stream:
            document, row = _find(sources.read(stream.read(), path), path, cell, line)
        settings = nearest(os.path.dirname(os.path.abspath(path)))
        given = settings_from(settings.root, targets(namespace))
        overrides = dict(settings.targets) | dict(given.targets)
        target = resolve(path, overrides, document.text, document.commands)
        from peft_lint.trace import main_text

        text = main_text(document, target, row)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except sources.UnreadableError as error:
        raise UsageError(f"{path}: {error}") from None
    except DocumentError as error:
        raise UsageError(f"{path}:{error.row}:{error.column}: {error.message}") from None
    sys.stdout.write(text)
    return 0


def _find(
    document: Document | None, path: str, cell: int | None, line: int | None
) -> tuple[Document, int | None]:
    """Return the document of a file that a line belongs to, and which of its lines it is."""
    if document is None:
        raise UsageError(f"{path}: has no Python to trace")
    if line is None:
        return document, None
    current: Document | None = document
    while current is not None:
        if (row := current.row_at(cell, line)) is not None:
            return current, row
        current = current.following
    example = f": write {path}:cell N:LINE" if path.endswith(".ipynb") and cell is None else ""
    where = f"cell {cell} has" if cell else "there is"
    raise UsageError(f"{path}: {where} no line {line} of Python{example}")


def _split(place: str) -> tuple[str, int | None, int | None]:
    """Return path, cell and line of `FILE[:cell N][:LINE]`; a file of just that name wins.

    Reports write the column behind the line: it may be there.
    """
    path, line = place, None
    for _ in ("column", "line"):
        before, colon, number = path.rpartition(":")
        if colon and number.isdecimal() and not os.path.exists(path):
            path, line = before, int(number)
    file, colon, cell = path.rpartition(":cell ")
    if line is not None and colon and cell.isdecimal() and not os.path.exists(path):
        return file, int(cell), line
    return path, None, line
