"""What a project asks for: the option table, and the nearest settings file of each folder."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

from peft_lint.selection import did_you_mean, problem
from peft_lint.versions import LIBRARIES
from peft_lint.versions.specifier import SpecifierError
from peft_lint.versions.specifier import key as release_key

Kind = Literal["rules", "patterns", "flag", "release"]
FILES = ("peft-lint.toml", "pyproject.toml")


class SettingsError(Exception):
    """Settings that cannot be used; the message starts with the place."""


class Option(NamedTuple):
    """One key of `[tool.peft-lint]`: what it takes and what it does."""

    key: str
    kind: Kind
    help: str


OPTIONS = (
    Option("select", "rules", "rules to run: codes, prefixes, names, or ALL"),
    Option("ignore", "rules", "rules to leave out"),
    Option("extend-select", "rules", "rules to run beside those selected already"),
    Option("extend-ignore", "rules", "more rules to leave out"),
    Option("exclude", "patterns", "gitignore patterns to skip, instead of the default ones"),
    Option("extend-exclude", "patterns", "gitignore patterns to skip beside the others"),
    Option("unfixable", "rules", "rules whose fixes are shown but never applied"),
    Option("extend-safe-fixes", "rules", "rules whose unsafe fixes count as safe"),
    Option("preview", "flag", "also run rules that are in preview"),
    *(
        Option(f"target-{library}", "release", f"the {library} release to assume, e.g. 1.2.0")
        for library in LIBRARIES
    ),
)
_BY_KEY = {option.key: option for option in OPTIONS}


class Settings(NamedTuple):
    """The options of one settings file, or of the command line.

    `select` and `exclude` are None where not given. `targets` pairs libraries with releases.
    Patterns are relative to `root`, an absolute folder.
    """

    root: str
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    unfixable: tuple[str, ...] = ()
    extend_safe_fixes: tuple[str, ...] = ()
    preview: bool = False
    targets: tuple[tuple[str, str], ...] = ()


def nearest(folder: str) -> Settings:
    """Return the settings for files in an absolute `folder`; raise SettingsError."""
    found = _search(folder)
    return found if found is not None else Settings(root=os.getcwd())


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
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise SettingsError(f"{shown}: {error.strerror}") from None
    embedded = os.path.basename(path) == "pyproject.toml"
    if embedded and b"peft-lint" not in data:
        return None
    table: Any = _parse(data, shown)
    text = data.decode("utf-8")
    if embedded:
        tool = table.get("tool")
        table = tool.get("peft-lint") if isinstance(tool, dict) else None
        if table is None:
            return None
        if not isinstance(table, dict):
            raise SettingsError(f"{shown}:{_row(text, 'peft-lint', True)}: must be a table")
    values: dict[str, Any] = {}
    key = ""
    try:
        for key, value in table.items():
            values[key] = _checked(key, value)
    except ValueError as error:
        row = _row(text, key, embedded)
        raise SettingsError(f"{shown}:{row}: {error}") from None
    return settings_from(os.path.dirname(os.path.abspath(path)), values)


def settings_from(root: str, values: Mapping[str, Any]) -> Settings:
    """Build settings from checked values by option key."""
    prefix = "target-"
    targets = [(key[len(prefix) :], text) for key, text in values.items() if key.startswith(prefix)]
    others = {
        key.replace("-", "_"): value for key, value in values.items() if not key.startswith(prefix)
    }
    return Settings(root=root, targets=tuple(targets), **others)


def check_value(option: Option, value: str | list[str]) -> None:
    """Raise ValueError, in words, if `value` is not what `option` takes."""
    if option.kind == "rules":
        for selector in value:
            if (wrong := problem(selector)) is not None:
                raise ValueError(wrong)
    elif option.kind == "release":
        try:
            release_key(str(value))
        except SpecifierError:
            raise ValueError(f"`{value}` is not a release such as 1.2.0") from None


def _checked(key: str, value: object) -> object:
    """Return the value of one key as `Settings` holds it; raise ValueError in words."""
    option = _BY_KEY.get(key)
    if option is None:
        raise ValueError(f"unknown option `{key}`{did_you_mean(key, list(_BY_KEY))}")
    if option.kind == "flag":
        if not isinstance(value, bool):
            raise ValueError(f"`{key}` must be true or false")
        return value
    if option.kind == "release":
        if not isinstance(value, str):
            raise ValueError(f'`{key}` must be a string such as "1.2.0"')
        check_value(option, value)
        return value
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise ValueError(f"`{key}` must be a list of strings")
    check_value(option, value)
    return tuple(value)


def _parse(data: bytes, shown: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{shown}:{row}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        match = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        row = int(match[1]) if match else 1
        message = str(error)[: match.start()] if match else str(error)
        raise SettingsError(f"{shown}:{row}: not valid TOML: {message}") from None
    return table


def _row(text: str, key: str, embedded: bool) -> int:
    """Return the 1-based line of `key`: the TOML reader does not keep places."""
    lines = text.splitlines()
    header = re.compile(r"\s*\[\s*tool\s*\.\s*[\"']?peft-lint[\"']?\s*\]")
    headers = [number for number, line in enumerate(lines) if embedded and header.match(line)]
    first = headers[0] if headers else 0
    # Also in an inline table, as a dotted key, and as a table of its own.
    assignment = re.compile(rf"(?:.*[\s.{{,\[])?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    # From the header on, then from the top.
    for number in sorted(range(len(lines)), key=lambda number: number < first):
        if assignment.match(lines[number]):
            return number + 1
    return first + 1


def _shown(path: str) -> str:
    """Return a path as people want to read it: relative where it lies below the folder."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
