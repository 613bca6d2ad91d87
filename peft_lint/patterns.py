"""gitignore patterns: what one says of a path, as git would."""

from __future__ import annotations

import os
from functools import cache

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def verdict(spec: GitIgnoreSpec, base: str, full: str, is_folder: bool) -> bool | None:
    """Return True for a match, False for one taken back by `!`, None for a path not mentioned.

    `full` is the absolute path, the patterns are relative to the absolute folder `base`.
    """
    top = base.rstrip(os.sep) + os.sep
    if not full.startswith(top):
        return None
    inside = full[len(top) :].replace(os.sep, "/") + ("/" if is_folder else "")
    for pattern in reversed(spec.patterns):
        match = pattern.match_file(inside) if pattern.include is not None else None
        if match is None:
            continue
        # pathspec lets a pattern for a folder match what lies below it as well. In git it does
        # not: a walk that came so far has already heard the verdict on the folder.
        below = match.match.re.groupindex.get("ps_d")
        if below is None or match.match.start(below) in (-1, len(inside) - 1):
            return pattern.include
    return None


def covers(pattern: str, base: str, full: str) -> bool:
    """Return whether a pattern matches an absolute path or a folder around it."""
    spec = compiled((pattern,))
    if verdict(spec, base, full, False):
        return True
    folder = os.path.dirname(full)
    while len(folder) > len(base):
        if verdict(spec, base, folder, True):
            return True
        folder = os.path.dirname(folder)
    return False


@cache
def compiled(lines: tuple[str, ...]) -> GitIgnoreSpec:
    """Return the patterns of these lines, ready to match."""
    # Imported here: it costs as much as the rest of a start, and most runs need none.
    from pathspec import GitIgnoreSpec

    try:
        # `a/**` is what lies in a, not a itself; pathspec counts the folder in.
        return GitIgnoreSpec.from_lines(
            f"{line.rstrip()}/*" if line.rstrip().endswith("/**") else line for line in lines
        )
    except ValueError:
        # In git a pattern that cannot be read matches nothing, and spoils no other one.
        one_by_one = [(line,) for line in lines] if len(lines) > 1 else []
        return GitIgnoreSpec(pattern for line in one_by_one for pattern in compiled(line).patterns)
