"""Compare the shipped tables of peft with an independent extraction of the same releases.

The other extraction is one JSON object:

    timelines -> config_fields -> class -> field -> first, last, anns, defaults
                                                    (the last two: lists of [release, text])
                 exports, modules, utils, pefttype, tasktype -> name -> [first, last]
                 signatures -> name -> list of {first, last, sig: list of [parameter, default]}
    per_release -> release -> maps -> mapping -> model type -> module names

and a list of moved imports: [first, last, module, name, module that has it now or null].
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from peft_lint.versions.specifier import key
from tools.extract.explained import Difference
from tools.extract.timelines import TABLES


class Result(NamedTuple):
    """How many facts both have, and the (fact, ours, theirs) that differ or only one has."""

    compared: int
    differences: list[Difference]


def compare(other: Mapping[str, Any], moved: Sequence[Sequence[Any]]) -> Result:
    """Return what differs, from the two parsed files."""
    lines = other["timelines"]
    newest = lines["order"][-1]
    configs, names, calls = (_table(name) for name in ("configs", "names", "calls"))
    pairs = [
        *_spans("export", _ungrouped(names["exports"]), _theirs(lines["exports"], newest)),
        *_spans("module", _ungrouped(names["modules"]), _theirs(lines["modules"], newest)),
        *_spans(
            "peft.utils",
            _ungrouped(names["imports"]["peft.utils"]),
            _theirs(lines["utils"], newest),
        ),
        *_configs(configs["configs"], lines["config_fields"], newest),
        *_calls(calls["calls"], lines["signatures"], newest),
        *_targets(_table("targets"), other["per_release"], lines["order"]),
        *_moved(names, moved, newest),
    ]
    for enum in ("PeftType", "TaskType"):
        ours = _ungrouped(configs["enums"][enum])
        pairs += _spans(enum, ours, _theirs(lines[enum.lower()], newest))
    return Result(len(pairs), [row for row in pairs if row[1] != row[2]])


def _table(name: str) -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads((TABLES / f"peft_{name}.json").read_text("utf-8"))
    return table


def _ungrouped(row: Mapping[str, str]) -> dict[str, str]:
    return {name: when for when, names in row.items() for name in names.split()}


def _theirs(found: Mapping[str, Sequence[str]], newest: str) -> dict[str, str]:
    return {name: _span(*ends, newest) for name, ends in found.items()}


def _span(first: str, last: str, newest: str) -> str:
    return first if last == newest else f"{first}..{last}"


def _spans(kind: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*ours, *theirs}):
        yield f"{kind} {name}", ours.get(name), theirs.get(name)


def _changes(row: Mapping[str, Any], value: str) -> list[list[Any]]:
    """Return a history as pairs of a release and what holds from then on."""
    changes = row[value]
    if isinstance(changes, dict):
        return [[release, content] for release, content in changes.items()]
    return [[row["in"].partition("..")[0], changes]]


def _configs(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], newest: str
) -> Iterator[Difference]:
    yield "config classes", sorted(ours), sorted(theirs)
    for name in sorted({*ours} & {*theirs}):
        fields = ours[name]["fields"]
        for field in sorted({*fields, *theirs[name]}):
            mine, other = fields.get(field), theirs[name].get(field)
            what = f"{name}.{field}"
            if mine is None or other is None:
                yield what, mine, other
                continue
            yield what, mine["in"], _span(other["first"], other["last"], newest)
            yield f"type of {what}", _changes(mine, "type"), other["anns"]
            defaults = [[when, _default(text)] for when, text in other["defaults"]]
            yield f"default of {what}", _changes(mine, "default"), defaults


def _default(text: str | None) -> str | None:
    """Return a default as these tables write it: a factory is shown called."""
    made = text.removeprefix("factory:") if text else text
    return made if made == text else f"{made}()"


def _calls(ours: Mapping[str, Any], theirs: Mapping[str, Any], newest: str) -> Iterator[Difference]:
    for name, versions in sorted(theirs.items()):
        span = _span(versions[0]["first"], versions[-1]["last"], newest)
        row = ours.get(name)
        yield f"{name}()", row and row["in"], span
        if row is not None:
            changes = [
                [when, [p for p in parameters if p != "*"]]
                for when, parameters in _changes(row, "parameters")
            ]
            other = [
                [v["first"], [p if d is None else f"{p}={d}" for p, d in v["sig"]]]
                for v in versions
            ]
            yield f"parameters of {name}()", changes, other


def _targets(
    ours: Mapping[str, Any], per_release: Mapping[str, Any], order: Sequence[str]
) -> Iterator[Difference]:
    for release in order:
        for mapping, families in sorted(per_release[release]["maps"].items()):
            if mapping.endswith("_MODULES_MAPPING"):
                rows = ours.get(mapping, {})
                found = {family: _at(row, "modules", release) for family, row in rows.items()}
                mine = {family: modules for family, modules in found.items() if modules is not None}
                yield f"{mapping} in {release}", mine, families


def _at(row: Mapping[str, Any], value: str, release: str) -> Any:
    """Return what a history without gaps says of one release."""
    last = row["in"].partition("..")[2]
    if last and key(release) > key(last):
        return None
    held = [content for when, content in _changes(row, value) if key(when) <= key(release)]
    return held[-1] if held else None


def _moved(
    names: Mapping[str, Any], moved: Sequence[Sequence[Any]], newest: str
) -> Iterator[Difference]:
    theirs = {(m, n): (_span(first, last, newest), home) for first, last, m, n, home in moved}
    ours = {}
    for module, row in names["imports"].items():
        for name, when in _ungrouped(row).items():
            private = any(part.startswith("_") for part in (*module.split("."), name))
            if ".." in when.rpartition(", ")[2] and not private:
                ours[module, name] = (when, names["homes"].get(module, {}).get(name))
    for module, name in sorted({*ours} | {*theirs}):
        mine, other = ours.get((module, name)), theirs.get((module, name))
        what = f"from {module} import {name}"
        yield what, mine and mine[0], other and other[0]
        if mine and other:
            yield f"home of {what}", mine[1], other[1]
