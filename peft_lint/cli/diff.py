"""The difference between a file and its fixed form, as `patch` and `git apply -p0` take it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator


def unified(path: str, before: bytes, after: bytes, encoding: str) -> bytes:
    """Return a unified diff in the encoding of the file."""
    # `patch` takes what stands before a tab for the name, and else what stands before a blank.
    name = f"{path}\t" if " " in path else path
    lines = difflib.unified_diff(
        list(_lines(before.decode(encoding))), list(_lines(after.decode(encoding))), name, name
    )
    text = "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    return text.encode(encoding, "backslashreplace")


def _lines(text: str) -> Iterator[str]:
    """Yield the lines as `patch` counts them: ended by LF, and by nothing else."""
    parts = text.split("\n")
    yield from (part + "\n" for part in parts[:-1])
    if parts[-1]:
        yield parts[-1]
