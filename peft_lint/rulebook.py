"""Which rules exist and which of them a run selects, from the generated index of the rule pages."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache

from peft_lint.finding import Applicability, Severity
from peft_lint.lean import Record

# Where the pages are published; empty until a site exists.
DOCS_BASE = ""
_PACKAGE = os.path.dirname(os.path.abspath(__file__))


class RuleInfo(Record):
    """The front matter of one rule page.

    `words` let a document through to this rule. `libraries` maps a library to the range of
    releases outside which the rule is silent. `module` is where its class lives, empty for
    the rules of the tool itself (PEF0).
    """

    code: str
    name: str
    category: str
    severity: tuple[Severity, ...]
    words: tuple[str, ...]
    fixes: tuple[Applicability, ...]
    since: str
    preview: bool
    libraries: Mapping[str, str]
    yields_to: tuple[str, ...]
    module: str
    summary: str


@cache
def all_rules() -> tuple[RuleInfo, ...]:
    """Return every rule that ships, by code."""
    # Not importlib.resources: it takes a third of the start-up time that a run may cost.
    with open(os.path.join(_PACKAGE, "rules", "index.json"), encoding="utf-8") as stream:
        rows = json.load(stream)
    return tuple(
        RuleInfo(
            code=row["code"],
            name=row["name"],
            category=row["category"],
            severity=tuple(Severity(value) for value in row["severity"]),
            words=tuple(row["words"]),
            fixes=tuple(Applicability(value) for value in row["fixes"]),
            since=row["since"],
            preview=row["preview"],
            libraries=row["libraries"],
            yields_to=tuple(row["yields-to"]),
            module=row["module"],
            summary=row["summary"],
        )
        for row in rows
    )


def url(code: str) -> str | None:
    """Return the web address of a rule's page, None while there is no site."""
    return f"{DOCS_BASE}/{code}/" if DOCS_BASE else None
