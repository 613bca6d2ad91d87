"""The parameters of functions and methods, and which further keywords have an effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from peft_lint.knowledge.tables import holder, table
from peft_lint.knowledge.timelines import releases
from peft_lint.lean import Record

TABLES: Mapping[str, str] = {
    "peft": "peft_calls",
    "transformers": "transformers_api",
    "trl": "trl_api",
}


class Parameter(Record):
    """One parameter; `default` is source text, None where there is none.

    `kind` is "positional", "keyword" (by name only), "rest" (`*args`) or "keywords"
    (`**kwargs`).
    """

    name: str
    default: str | None
    kind: str


def parameters(library: str, call: str, release: str) -> tuple[Parameter, ...] | None:
    """Return the parameters of `function`, `Class.method` or `Class.__init__` in a release.

    A method is looked for in the bases of the class, too; `self` and `cls` are left out. None
    where the call or the release is not known.
    """
    chosen = holder(TABLES, library, call)
    rows, known = table(chosen)["calls"], releases(chosen)
    position = known.position(release)
    if position is None:
        return None
    for name in _spellings(library, call, position):
        row = rows.get(name)
        if row and known.holds(row["in"], position):
            return tuple(_parsed(known.at(row["parameters"], position)))
    return None


def newest_taking(library: str, call: str, keywords: frozenset[str]) -> str | None:
    """Return the newest release in which a call takes these keywords.

    None where the newest that has the call does, or none at all.
    """
    newest = True
    for release in reversed(releases(holder(TABLES, library, call)).names):
        accepted = parameters(library, call, release)
        if accepted is not None:
            names = {one.name for one in accepted}
            if keywords <= names or any(one.kind == "keywords" for one in accepted):
                return None if newest else release
            newest = False
    return None


def swallows(call: str, keyword: str, release: str) -> bool | None:
    """Return whether a method of peft takes a keyword and does nothing with it.

    False where the keyword is a parameter or is read, or where a call without `**kwargs`
    refuses it; None where the call is not known, or passes its keywords on to other packages.
    """
    accepted = parameters("peft", call, release)
    if accepted is None:
        return None
    kinds = {parameter.kind for parameter in accepted}
    if keyword in {p.name for p in accepted} or "keywords" not in kinds:
        return False
    known = releases("peft_calls")
    position = known.position(release)
    rows = table("peft_calls")
    for name in _spellings("peft", call, position or 0):
        row = rows["keywords"].get(name)
        if row and known.holds(row["in"], position or 0):
            read = known.at(row["reads"], position or 0)
            if "@any" in read:
                return None
            by_hub = "@hub" in read and keyword in rows["hub"]["hf_hub_download"]
            return keyword not in read and not by_hub
    return None


def misspelt(call: str, keyword: str, release: str) -> str | None:
    """Return the parameter of a method of peft that a keyword is a slip of the pen for."""
    import difflib

    # Short names are too near to one another.
    names = [p.name for p in parameters("peft", call, release) or () if len(p.name) >= 10]
    return next(iter(difflib.get_close_matches(keyword, names, 1, 0.9)), None)


def _spellings(library: str, call: str, position: int) -> Iterator[str]:
    """Yield a call, then the same method of each base of its class."""
    yield call
    owner, dot, method = call.rpartition(".")
    bases = table(TABLES[library]).get("bases", {})
    waiting = [owner] if dot else []
    while waiting:
        row = bases.get(waiting.pop(0))
        above = releases(TABLES[library]).at(row["bases"], position) if row else None
        for base in above or ():
            yield f"{base}.{method}"
            waiting.append(base)


def _parsed(texts: list[str]) -> Iterator[Parameter]:
    kind = "positional"
    for index, text in enumerate(texts):
        name, equals, default = text.partition("=")
        stars = len(name) - len(name.lstrip("*"))
        if stars and name.strip("*"):
            yield Parameter(name.lstrip("*"), None, "rest" if stars == 1 else "keywords")
        elif not stars and not (index == 0 and name in ("self", "cls")):
            yield Parameter(name, default if equals else None, kind)
        if stars == 1:
            kind = "keyword"
