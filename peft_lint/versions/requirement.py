"""One requirement as projects write it (PEP 508, Poetry, conda), reduced to library and range."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from peft_lint.lean import Record
from peft_lint.versions.specifier import SpecifierError, clauses
from peft_lint.versions.target import LIBRARIES

# Other names under which a library of the same version numbers is installed.
_ALIASES = {"pytorch": "torch", "pytorch-lightning": "lightning"}
_PEP_508 = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\]\s*)?"
    r"(?:(?P<url>@)|\(?(?P<specifier>[^;()@]*)\)?)(?P<rest>.*)",
    re.ASCII | re.DOTALL,
)
_CONDA = re.compile(r"(?:[\w.-]+::)?(?P<name>[\w.-]+)\s*(?P<range>.*)", re.ASCII)


class Requirement(Record):
    """A library, the specifier it must meet ("" for any), and whether a marker guards it."""

    library: str
    specifier: str
    marked: bool = False


def library(name: str) -> str | None:
    """Return the library that a distribution's name means, None for all others."""
    normal = re.sub(r"[-_.]+", "-", name).lower()
    normal = _ALIASES.get(normal, normal)
    return normal if normal in LIBRARIES else None


def from_pep508(text: str) -> Requirement | None:
    """Read `peft[test]>=0.3; python_version < "3.12"`; None if it is of no use here."""
    match = _PEP_508.fullmatch(text)
    name = library(match["name"]) if match else None
    if match is None or name is None:
        return None
    return _checked(name, (match["specifier"] or "").strip(), ";" in match["rest"])


def from_conda(text: str) -> Requirement | None:
    """Read `conda-forge::peft=0.10=py310_0` or `peft>=0.10`; None if it is of no use here."""
    match = _CONDA.fullmatch(text)
    name = library(match["name"]) if match else None
    if match is None or name is None:
        return None
    bounds = match["range"].strip()
    if bounds.startswith("=") and not bounds.startswith("=="):
        version = bounds[1:].split("=")[0].strip()
        # conda's single sign is a prefix match; with a build string the version is whole.
        whole = bounds.count("=") > 1 or version.endswith("*")
        bounds = f"=={version}" if whole else f"=={version}.*"
    return _checked(name, bounds)


def from_poetry(name: str, value: object) -> list[Requirement]:
    """Read one entry of a Poetry table: a string, a table, or a list of tables."""
    entries = value if isinstance(value, list) else [value]
    found = []
    for entry in entries:
        table = entry if isinstance(entry, Mapping) else {"version": entry}
        of = library(name)
        if of is None:
            continue
        marked = len(entries) > 1 or "markers" in table or "python" in table
        for bounds in str(table.get("version", "*")).split("||"):
            made = _checked(of, _poetry_range(bounds), marked or "||" in str(table.get("version")))
            found += [made] if made else []
    return found


def alternatives(requirements: Iterable[Requirement]) -> dict[str, tuple[str, ...]]:
    """Return, per library, the specifiers of which one must hold.

    Requirements without a marker hold together; each one with a marker is an alternative
    beside the others, as the environment that it is meant for is not known.
    """
    common: dict[str, list[str]] = {}
    marked: dict[str, list[str]] = {}
    for item in requirements:
        (marked if item.marked else common).setdefault(item.library, []).append(item.specifier)
    result = {}
    for name in sorted({*common, *marked}):
        shared = common.get(name, [])
        branches = [[*shared, branch] for branch in marked.get(name, [])] or [shared]
        result[name] = tuple(",".join(filter(None, branch)) for branch in branches)
    return result


def _checked(name: str, specifier: str, marked: bool = False) -> Requirement | None:
    try:
        clauses(specifier)
    except SpecifierError:
        return None
    return Requirement(name, specifier, marked)


def _poetry_range(text: str) -> str:
    """Return Poetry's `^0.10`, `~0.10`, `0.10.*`, `>=0.3 <1` as a specifier of PEP 440."""
    text = re.sub(r"(===|~=|==|!=|<=|>=|<|>|\^|~)\s+", r"\1", text.strip())
    return ",".join(filter(None, map(_poetry_clause, re.split(r"[,\s]+", text))))


def _poetry_clause(clause: str) -> str:
    if clause in ("", "*"):
        return ""
    if clause[0] == "^" or (clause[0] == "~" and clause[1:2] != "="):
        version = clause[1:]
        numbers = [int(part) for part in re.findall(r"\d+", version.split("-")[0])[:3]]
        if not numbers:
            return clause
        place = 0 if len(numbers) == 1 else 1
        if clause[0] == "^":
            place = next((i for i, number in enumerate(numbers) if number), len(numbers) - 1)
        ceiling = [*numbers[:place], numbers[place] + 1]
        return f">={version},<{'.'.join(map(str, ceiling))}"
    return clause if clause[0] in "<>=!~" else f"=={clause}"
