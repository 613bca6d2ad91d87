"""The fields of config classes, and the members of enums, release by release."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from peft_lint.knowledge.tables import holder, table
from peft_lint.knowledge.timelines import lifetime, releases
from peft_lint.lean import TYPE_CHECKING, Record
from peft_lint.versions.specifier import key

if TYPE_CHECKING:
    from typing import Any

# The tables that hold each library's configs.
TABLES: Mapping[str, str] = {
    "peft": "peft_configs",
    "transformers": "transformers_api",
    "trl": "trl_api",
}


class Field(Record):
    """One field in one release; type and default are source text, as released.

    `default` is None where the field must be given. `choices` are the values that its type
    lists, empty where it lists none; more may work. `init` is False for a field that the
    constructor does not take. `since` and `until` are the first and last release that have the
    field, `until` None where the newest known one does.
    """

    type: str
    default: str | None
    choices: tuple[Any, ...]
    init: bool
    since: str
    until: str | None


@cache
def fields(
    library: str, config: str, release: str, transformers: str | None = None
) -> Mapping[str, Field] | None:
    """Return the fields of a config class in a release of its library, inherited ones too.

    None where the class or the release is not known. What trl calls experimental is named with
    its module, as "experimental.cpo.CPOConfig". A class of trl that extends
    TrainingArguments has the fields of the latter in the release `transformers`; without it, or
    where it is not known, the answer for such a class is None.
    """
    row = _configs(library, config).get(config)
    known = releases(holder(TABLES, library, config)) if row else None
    position = known.position(release) if known else None
    if row is None or known is None or position is None or not known.holds(row["in"], position):
        return None
    inherited: Mapping[str, Field] | None = {}
    if known.at(row.get("extends", []), position):
        given = transformers and fields("transformers", "TrainingArguments", transformers)
        inherited = given or None
    if inherited is None:
        return None
    own = {}
    for name, field in row["fields"].items():
        if known.holds(field["in"], position):
            own[name] = Field(
                known.at(field["type"], position),
                known.at(field["default"], position),
                tuple(known.at(field.get("choices", []), position)),
                known.at(field.get("init", True), position),
                *lifetime(field["in"]),
            )
    return {**inherited, **own}


def every_field(library: str, config: str) -> frozenset[str] | None:
    """Return the names of the fields that a class itself has had in some release."""
    row = _configs(library, config).get(config)
    return frozenset(row["fields"]) if row else None


def newest_having(config: str, names: frozenset[str]) -> str | None:
    """Return the newest trl whose settings of this class have all of these fields that they know.

    None where the newest known one does. What is inherited is not looked at.
    """
    rows = _configs("trl", config).get(config, {"fields": {}})["fields"]
    own = names & rows.keys() - (every_field("transformers", "TrainingArguments") or set())
    ends = (lifetime(rows[name]["in"]).last for name in own)
    return min(filter(None, ends), key=key, default=None)


def members(enum: str, release: str) -> frozenset[str] | None:
    """Return the members of an enum of peft ("TaskType") in a release."""
    rows = table("peft_configs")["enums"].get(enum)
    known = releases("peft_configs")
    position = known.position(release) if rows else None
    if rows is None or position is None:
        return None
    holding = (names for span, names in rows.items() if known.holds(span, position))
    return frozenset(name for names in holding for name in names.split()) or None


def _configs(library: str, config: str) -> Mapping[str, Any]:
    if library not in TABLES:
        return {}
    rows: Mapping[str, Any] = table(holder(TABLES, library, config))["configs"]
    return rows
