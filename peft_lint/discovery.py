"""From the paths on the command line to the files to analyse, as git and the settings allow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from peft_lint.lean import TYPE_CHECKING
from peft_lint.patterns import compiled, verdict
from peft_lint.settings import Settings
from peft_lint.sources import SUFFIXES

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# Names of folders that hold no code of the project's own.
DEFAULT_EXCLUDES = frozenset(
    (
        ".bzr",
        ".direnv",
        ".eggs",
        ".git",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        ".vscode",
        "__pycache__",
        "__pypackages__",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "venv",
    )
)
# A pattern file and the folder its patterns are relative to, outermost first.
_Specs = tuple[tuple[str, "GitIgnoreSpec"], ...]


def discover(
    paths: list[str],
    settings_for: Callable[[str], Settings],
    *,
    force_exclude: bool = False,
    missing: Callable[[str, str], None],
) -> Iterator[str]:
    """Yield every file to analyse once, in the order of `paths`, folders sorted by name.

    A named file is yielded even if excluded or ignored, unless `force_exclude`. "-" is
    yielded as it is. `missing` is told the path and the reason where one cannot be read.
    """
    seen: set[str] = set()
    for path in paths:
        if path == "-":
            found: Iterator[str] = iter((path,))
        elif force_exclude and is_excluded(path, settings_for):
            continue
        elif os.path.isdir(path):
            found = _walk(path, settings_for, missing)
        elif (reason := _unreachable(path)) is None:
            found = iter((path,))
        else:
            missing(path, reason)
            continue
        for file in found:
            # One folder holds every file once; asking costs more than listing it.
            identity = os.path.abspath(file) if len(paths) > 1 else file
            if identity not in seen:
                seen.add(identity)
                yield file


def _unreachable(path: str) -> str | None:
    """Return why there is nothing at a path, None where there is."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return "a link that leads nowhere" if os.path.islink(path) else "no such file or folder"
    except OSError as error:
        return error.strerror
    return None


def is_excluded(path: str, settings_for: Callable[[str], Settings]) -> bool:
    """Return whether a walk from the top of the project would leave `path` out."""
    full = os.path.abspath(path)
    folder = os.path.dirname(full)
    top = _top(folder) or settings_for(folder).root
    inside = os.path.relpath(full, top)
    if inside == "." or inside.startswith(".."):
        return False
    specs, current = _own_specs(top), top
    parts = inside.split(os.sep)
    for index, name in enumerate(parts):
        current = os.path.join(current, name)
        is_folder = index < len(parts) - 1 or os.path.isdir(current)
        settings = settings_for(os.path.dirname(current))
        if _excluded(name, current, is_folder, settings, specs):
            return True
        if is_folder:
            specs = _specs_within(current, specs)
    return False


def _walk(
    start: str, settings_for: Callable[[str], Settings], missing: Callable[[str, str], None]
) -> Iterator[str]:
    """Yield the files with Python in them below a folder, never entering one that is excluded."""
    full = os.path.abspath(start)
    pending = [("" if start == "." else start, full, _specs_from_above(full))]
    while pending:
        shown, folder, specs = pending.pop()
        try:
            with os.scandir(folder) as stream:
                entries = sorted(stream, key=lambda entry: entry.name)
        except OSError as error:
            missing(shown, error.strerror or "cannot be read")
            continue
        # A virtual environment of any name.
        if folder != full and any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        folders = []
        settings = settings_for(folder)
        prefix = os.path.join(shown, "")
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not (entry.name.endswith(SUFFIXES) and _is_file(entry)):
                continue
            if _excluded(entry.name, entry.path, is_folder, settings, specs):
                continue
            below = prefix + entry.name
            if is_folder:
                folders.append((below, entry.path, _specs_within(entry.path, specs)))
            else:
                yield below
        pending.extend(reversed(folders))


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        # A link that leads to itself.
        return False


def _excluded(
    name: str,
    full: str,
    is_folder: bool,
    settings: Settings,
    specs: _Specs,
) -> bool:
    if settings.exclude is None and name in DEFAULT_EXCLUDES:
        return True
    patterns = (*(settings.exclude or ()), *settings.extend_exclude)
    if patterns and verdict(compiled(patterns), settings.root, full, is_folder):
        return True
    # The deepest file with an opinion decides, as in git.
    for base, spec in reversed(specs):
        says = verdict(spec, base, full, is_folder)
        if says is not None:
            return says
    return False


def _top(folder: str) -> str | None:
    """Return the working tree's root around an absolute folder."""
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def _specs_from_above(folder: str) -> _Specs:
    """Return the patterns that hold in `folder`: its own and those above, up to the root."""
    top = _top(folder)
    if top is None:
        return _own_specs(folder)
    specs, current = _own_specs(top), top
    inside = os.path.relpath(folder, top)
    for name in () if inside == "." else inside.split(os.sep):
        current = os.path.join(current, name)
        specs = _specs_within(current, specs)
    return specs


def _specs_within(folder: str, above: _Specs) -> _Specs:
    """Return the patterns in a folder below; a nested repository starts afresh."""
    nested = os.path.exists(os.path.join(folder, ".git"))
    own = _own_specs(folder)
    return own if nested else (*above, *own)


def _own_specs(folder: str) -> _Specs:
    found = []
    for name in (".git/info/exclude", ".gitignore"):
        try:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as stream:
                lines = tuple(stream.read().split("\n"))
        except OSError:
            continue
        if any(line.strip() and not line.startswith("#") for line in lines):
            found.append((folder, compiled(lines)))
    return tuple(found)
