"""`peft-lint trace`: what the interpreter believes at a line."""

from __future__ import annotations

import os
import sys

from peft_lint.cli import UsageError
from peft_lint.cli.options import Parser, add_targets, targets
from peft_lint.document import Document, DocumentError
from peft_lint.settings import nearest, settings_from
from peft_lint.versions import resolve


def trace(arguments: list[str]) -> int:
    """Print every model and adapter that is known at a line of a file, or at its end."""
    parser = Parser(
        prog="peft-lint trace",
        description="Say what is believed of every model and adapter, and why.",
    )
    parser.add_argument("place", metavar="FILE[:LINE]", help="without a line: the end of the file")
    add_targets(parser)
    namespace = parser.parse(arguments)
    path, line = _split(namespace.place)
    try:
        with open(path, "rb") as stream:
            document = Document.from_bytes(stream.read(), path)
        rows = len(document.line_starts)
        if line is not None and not 1 <= line <= rows:
            raise UsageError(f"{path} has {rows} lines, there is no line {line}")
        settings = nearest(os.path.dirname(os.path.abspath(path)))
        given = settings_from(settings.root, targets(namespace))
        target = resolve(path, dict(settings.targets) | dict(given.targets), document.text)
        from peft_lint.trace import main_text

        sys.stdout.write(main_text(document, target, line))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except DocumentError as error:
        raise UsageError(f"{path}:{error.row}:{error.column}: {error.message}") from None
    return 0


def _split(place: str) -> tuple[str, int | None]:
    """Return path and line of `FILE:LINE`; a file of exactly that name comes first."""
    path, colon, line = place.rpartition(":")
    if colon and line.isdecimal() and not os.path.exists(place):
        return path, int(line)
    return place, None
