"""What a project asks for: the nearest settings file of each folder."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from functools import cache

from peft_lint.lean import TYPE_CHECKING, Record
from peft_lint.options import OptionError, checked

if TYPE_CHECKING:
    from typing import Any

FILES = ("peft-lint.toml", "pyproject.toml")


class SettingsError(Exception):
    """Settings that cannot be used; the message starts with the place."""


class Settings(Record):
    """The options of one settings file, or of the command line.

    `select` and `exclude` are None where not given. `targets` pairs libraries with releases.
    `per_file_ignores` pairs patterns with selectors of rules, `severity` selectors with the
    word of a severity. Patterns are relative to `root`, an absolute folder. `source` is the
    file's path, empty for the command line and where there is none.
    """

    root: str
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    severity: tuple[tuple[str, str], ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    unfixable: tuple[str, ...] = ()
    extend_safe_fixes: tuple[str, ...] = ()
    preview: bool = False
    targets: tuple[tuple[str, str], ...] = ()
    source: str = ""


def nearest(folder: str) -> Settings:
    """Return the settings for files in an absolute `folder`; raise SettingsError."""
    found = _search(folder)
    return found if found is not None else Settings(root=os.getcwd())


def forget() -> None:
    """Read settings files anew from now on: for programs that outlive a change of theirs."""
    _search.cache_clear()


@cache
def _search(folder: str) -> Settings | None:
    for name in FILES:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and (settings := load(path)) is not None:
            return settings
    parent = os.path.dirname(folder)
    return _search(parent) if parent != folder else None


def load(path: str) -> Settings | None:
    """Read one settings file: None for a pyproject.toml without our table.

    Raises SettingsError if it cannot be read, is not TOML, or holds what is not an option.
    """
    shown = _shown(path)
    found = _table(path, shown)
    if found is None:
        return None
    table, text = found
    values: dict[str, Any] = {}
    for key, value in table.items():
        try:
            values[key] = checked(key, value)
        except OptionError as error:
            keys = (key, error.inner) if error.inner is not None else (key,)
            raise SettingsError(f"{shown}:{_row(text, keys, _embedded(path))}: {error}") from None
    return settings_from(os.path.dirname(os.path.abspath(path)), values, path)


def places(path: str) -> dict[str, str]:
    """Return where each key of a settings file stands, as "file:row"."""
    shown = _shown(path)
    table, text = _table(path, shown) or ({}, "")
    return {key: f"{shown}:{_row(text, (key,), _embedded(path))}" for key in table}


def _embedded(path: str) -> bool:
    """Return whether our settings are a table of a file that others share."""
    return os.path.basename(path) == "pyproject.toml"


def _table(path: str, shown: str) -> tuple[dict[str, Any], str] | None:
    """Return our table of a file, and the file's text."""
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise SettingsError(f"{shown}: {error.strerror}") from None
    if _embedded(path) and b"peft-lint" not in data and b"peft_lint" not in data:
        return None
    whole: Any = _parse(data, shown)
    text = data.decode("utf-8-sig")

    def wrong(key: str, message: str) -> SettingsError:
        return SettingsError(f"{shown}:{_row(text, (key,), _embedded(path))}: {message}")

    if not _embedded(path):
        if "tool" in whole:
            raise wrong("tool", "the options stand here by themselves, without [tool.peft-lint]")
        return whole, text
    tool = whole["tool"] if isinstance(whole.get("tool"), dict) else {}
    table = tool.get("peft-lint")
    if isinstance(table, dict):
        return table, text
    if table is not None:
        raise wrong("peft-lint", "`peft-lint` must be a table")
    for outer, key in ((tool, "peft_lint"), (whole, "peft-lint"), (whole, "peft_lint")):
        if key in outer:
            raise wrong(key, f"`{key}` is not read here: write [tool.peft-lint]")
    return None


def settings_from(root: str, values: Mapping[str, Any], source: str = "") -> Settings:
    """Build settings from checked values by option key."""
    prefix = "target-"
    targets = [(key[len(prefix) :], text) for key, text in values.items() if key.startswith(prefix)]
    others = {
        key.replace("-", "_"): value for key, value in values.items() if not key.startswith(prefix)
    }
    return Settings(root=root, targets=tuple(targets), source=source, **others)


def _parse(data: bytes, shown: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table: dict[str, Any] = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{shown}:{row}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        match = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        # Without a place it is the end, where something is missing.
        row = int(match[1]) if match else max(len(data.splitlines()), 1)
        message = str(error)[: match.start()] if match else str(error)
        raise SettingsError(f"{shown}:{row}: not valid TOML: {message}") from None
    except RecursionError:
        raise SettingsError(f"{shown}: not settings: nested too deep") from None
    return table


def _row(text: str, keys: tuple[str, ...], embedded: bool) -> int:
    """Return the 1-based line of a key, or of one in its table: the TOML reader keeps no places."""
    lines = text.splitlines()
    header = re.compile(r"\s*\[\s*tool\s*\.\s*[\"']?peft-lint[\"']?\s*\]")
    headers = [number for number, line in enumerate(lines) if embedded and header.match(line)]
    row = headers[0] if headers else 0
    for key in keys:
        # Also in an inline table, as a dotted key, and as a table of its own.
        assignment = re.compile(rf"(?:.*[\s.{{,\[])?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
        # From the header on, then from the top.
        order = sorted(range(len(lines)), key=lambda number: number < row)
        row = next((number for number in order if assignment.match(lines[number])), row)
    return row + 1


def _shown(path: str) -> str:
    """Return a path as people want to read it: relative where it lies below the folder."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
