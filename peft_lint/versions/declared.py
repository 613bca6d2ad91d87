"""The ranges that a project declares: pyproject.toml, requirements, environment.yml, PEP 723."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from peft_lint.versions.requirement import (
    Requirement,
    alternatives,
    from_conda,
    from_pep508,
    from_poetry,
)
from peft_lint.versions.target import LIBRARIES

Ranges = Mapping[str, tuple[str, ...]]
_PEP_723 = re.compile(r"(?m)^# /// script$\n((?:^#(?:| .*)$\n)+?)^# ///$")
_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[\s=]*(\S.*)")


def read_text(path: Path) -> str | None:
    """Return the text of a file in the encoding that its byte order mark names, else UTF-8."""
    try:
        data = path.read_bytes()
        utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def of_script(text: str) -> Ranges:
    """Return what the PEP 723 block of a script requires, empty without such a block."""
    match = _PEP_723.search(text.replace("\r\n", "\n")) if "# /// script" in text else None
    if match is None:
        return {}
    lines = (line[2:] for line in match[1].splitlines())
    table = _toml("\n".join(lines))
    return alternatives(_pep508_list(table.get("dependencies")))


def of_pyproject(text: str) -> tuple[Ranges, Ranges]:
    """Return the ranges of a pyproject.toml: the project's own, then those of its extras.

    Two extras of one library are alternatives. A file that cannot be read as TOML, or that
    names no library, gives nothing.
    """
    lowered = text.lower()
    if not any(name in lowered for name in LIBRARIES):
        return {}, {}
    table = _toml(text)
    project, poetry = _get(table, "project"), _get(table, "tool", "poetry")
    own = _pep508_list(project.get("dependencies"))
    own += _poetry_table(_get(poetry, "dependencies"))
    groups = [
        *map(_pep508_list, _get(project, "optional-dependencies").values()),
        *map(_pep508_list, _get(table, "dependency-groups").values()),
        *(_poetry_table(_get(group, "dependencies")) for group in _get(poetry, "group").values()),
        _poetry_table(_get(poetry, "dev-dependencies")),
    ]
    return alternatives(own), either(map(alternatives, groups))


def of_requirements(path: Path, read: list[Path]) -> Ranges:
    """Return the ranges of a requirements file and of those it includes, noted in `read`."""
    return alternatives(_requirement_lines(path, read))


def of_environment(text: str) -> tuple[Ranges, list[str]]:
    """Return the ranges of a conda environment.yml and the requirements files it names."""
    found, includes = [], []
    in_pip = False
    for line in text.splitlines():
        item = re.fullmatch(r"\s*-\s*(\S.*)", re.sub(r"(^|\s)#.*", "", line).rstrip())
        if item is None:
            in_pip = False
            continue
        entry = item[1].strip("\"' ")
        if entry == "pip:":
            in_pip = True
        elif include := _INCLUDE.fullmatch(entry):
            includes.append(include[1].removeprefix("file:"))
        else:
            made = from_pep508(entry) if in_pip else from_conda(entry)
            found += [made] if made else []
    return alternatives(found), includes


def either(choices: Iterable[Ranges]) -> Ranges:
    """Return the ranges that allow what one of `choices` allows."""
    result: dict[str, tuple[str, ...]] = {}
    for ranges in choices:
        for library, specifiers in ranges.items():
            result[library] = (*result.get(library, ()), *specifiers)
    return result


def _requirement_lines(path: Path, read: list[Path]) -> list[Requirement]:
    path = Path(os.path.normpath(path))
    if path in read or not path.is_file():
        return []
    read.append(path)
    text = read_text(path) or ""
    found = []
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        entry = re.sub(r"(^|\s)#.*", "", line).strip()
        if include := _INCLUDE.fullmatch(entry):
            found += _requirement_lines(path.parent / include[1].strip("\"' "), read)
        elif made := from_pep508(re.split(r"\s--?[a-z]", entry)[0]):
            found.append(made)
    return found


def _pep508_list(value: object) -> list[Requirement]:
    texts = [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
    return [made for made in map(from_pep508, texts) if made]


def _poetry_table(table: Mapping[str, object]) -> list[Requirement]:
    return [made for name, value in table.items() for made in from_poetry(name, value)]


def _get(table: object, *path: str) -> Mapping[str, object]:
    """Return the table at `path`, empty where the file has something else there."""
    for name in path:
        table = table.get(name) if isinstance(table, Mapping) else None
    return table if isinstance(table, Mapping) else {}


def _toml(text: str) -> Mapping[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
