"""The difference between a document and its fixed form, as `patch` and `git apply -p0` take it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from peft_lint.document import Document


def unified(before: Document, after: Document) -> bytes:
    """Return a unified diff in the encoding of the file."""
    lines = difflib.unified_diff(list(_lines(before)), list(_lines(after)), before.path, after.path)
    text = "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    return text.encode(before.encoding, "backslashreplace")


def _lines(document: Document) -> Iterator[str]:
    """Yield the lines as `patch` counts them: ended by LF, and by nothing else."""
    text = "\ufeff" + document.text if document.bom else document.text
    parts = text.split("\n")
    yield from (part + "\n" for part in parts[:-1])
    if parts[-1]:
        yield parts[-1]
