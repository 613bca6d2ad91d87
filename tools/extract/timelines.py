"""Facts per release folded into timelines: what held, from which release to which.

A *span* is text: "0.9.0" (since then), "0.14.0..0.18.1" (both included), with gaps several of
these joined by ", ". A *history* is the value itself where it never changed, else an object
from the first release of each value to the value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.extract.definitions import Field, choices

TABLES = Path(__file__).resolve().parents[2] / "peft_lint" / "knowledge"


def span(releases: Sequence[str], present: Iterable[bool]) -> str:
    """Return the span of a fact that holds in those `releases` whose flag is true."""
    runs: list[list[str]] = []
    before = False
    for release, here in zip(releases, present, strict=True):
        if here and not before:
            runs.append([release, release])
        elif here:
            runs[-1][1] = release
        before = here
    last = releases[-1]
    return ", ".join(a if b == last else f"{a}..{b}" for a, b in runs)


def spans(found: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return name -> span, from release -> the names that it has."""
    releases = list(found)
    have = [set(names) for names in found.values()]
    every = sorted(set().union(*have))
    return {name: span(releases, [name in names for names in have]) for name in every}


def by_span(found: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return span -> the names of that span, joined by blanks."""
    grouped: dict[str, list[str]] = {}
    for name, when in spans(found).items():
        grouped.setdefault(when, []).append(name)
    return {when: " ".join(names) for when, names in grouped.items()}


def history(found: Mapping[str, Any]) -> Any:
    """Return the history of a value (no object), from the releases that have it -> value."""
    changes: dict[str, Any] = {}
    for release, value in found.items():
        if not changes or value != changes[next(reversed(changes))]:
            changes[release] = value
    return changes if len(changes) > 1 else next(iter(changes.values()))


def histories(found: Mapping[str, Mapping[str, Any]], value: str) -> dict[str, Any]:
    """Return name -> {"in": span, value: history}, from release -> name -> value."""
    rows = {}
    for name, when in spans(found).items():
        values = {r: facts[name] for r, facts in found.items() if name in facts}
        rows[name] = {"in": when, value: history(values)}
    return rows


def field_rows(found: Mapping[str, Mapping[str, Field]]) -> dict[str, Any]:
    """Return field -> its row, from release -> the fields of one class."""
    rows = {}
    for name, when in spans(found).items():
        fields = {r: own[name] for r, own in found.items() if name in own}
        row: dict[str, Any] = {"in": when}
        row["type"] = history({r: f.annotation for r, f in fields.items()})
        row["default"] = history({r: f.default for r, f in fields.items()})
        allowed = {r: choices(f.annotation) for r, f in fields.items()}
        if any(allowed.values()):
            row["choices"] = history(allowed)
        if not all(field.init for field in fields.values()):
            row["init"] = history({r: f.init for r, f in fields.items()})
        rows[name] = row
    return rows


def write(name: str, about: Mapping[str, Any], tables: Mapping[str, Any]) -> None:
    """Write one table, one entry a line, so that a change shows as a change."""
    parts = [f' "about": {json.dumps(about)}']
    for key, rows in tables.items():
        if isinstance(rows, Mapping):
            lines = [f"  {json.dumps(entry)}: {json.dumps(row)}" for entry, row in rows.items()]
        else:
            lines = [f"  {json.dumps(row)}" for row in rows]
        opening, closing = "{}" if isinstance(rows, Mapping) else "[]"
        parts.append(f" {json.dumps(key)}: {opening}\n" + ",\n".join(lines) + f"\n {closing}")
    (TABLES / f"{name}.json").write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")
