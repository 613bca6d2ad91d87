"""`peft-lint knowledge`: what is known of a name of peft, transformers or trl."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from peft_lint.cli import UsageError
from peft_lint.cli.options import Parser
from peft_lint.knowledge import calls, configs
from peft_lint.knowledge.tables import holder, table
from peft_lint.knowledge.timelines import grouped
from peft_lint.lean import TYPE_CHECKING
from peft_lint.selection import did_you_mean

if TYPE_CHECKING:
    from typing import Any

LIBRARIES = ("peft", "transformers", "trl")


def parser() -> Parser:
    """Return the parser of `peft-lint knowledge`."""
    made = Parser(
        prog="peft-lint knowledge",
        description="Say what is known of a name, release by release.",
        epilog="for example: peft-lint knowledge peft LoraConfig.use_dora",
    )
    made.add_argument("library", metavar="LIBRARY", help=", ".join(LIBRARIES))
    made.add_argument(
        "name",
        metavar="NAME",
        help="an exported name, Config.field, Enum.MEMBER, Class.method, module.name,"
        " or a model family",
    )
    return made


def knowledge(arguments: list[str]) -> int:
    """Print since when something exists, what it takes, and what has changed."""
    wanted = parser().parse(arguments)
    library, name = wanted.library, wanted.name
    if library not in LIBRARIES:
        near = did_you_mean(library, LIBRARIES) or f"; known are {', '.join(LIBRARIES)}"
        raise UsageError(f"nothing is known of the library `{library}`{near}")
    lines = [line for part in _PARTS for line in part(library, name)]
    if not lines:
        raise UsageError(f"nothing is known of `{name}` in {library}{_hint(library, name)}")
    covered = table(f"{library}_names")["about"]["releases"]
    print(f"{library} {name}")
    print("\n".join(f"  {line}" for line in lines))
    print(f"(from {len(covered)} releases, {covered[0]} to {covered[-1]})")
    return 0


def _export(library: str, name: str) -> Iterator[str]:
    span = grouped(table(f"{library}_names")["exports"], name)
    if span:
        module, _, last = f"{library}.{name}".rpartition(".")
        yield f"from {module} import {last}: {_when(span)}"


def _import(library: str, name: str) -> Iterator[str]:
    module, _, last = name.rpartition(".")
    if library == "peft" and module:
        rows = table("peft_names")
        span = grouped(rows["imports"].get(module, {}), last)
        if span:
            yield f"from {module} import {last}: {_when(span)}"
            home = rows["homes"].get(module, {}).get(last)
            if home:
                yield f"now: from {home} import {last}"
    span = grouped(table("peft_names")["modules"], name) if library == "peft" else None
    if span:
        yield f"module {name}: {_when(span)}"


def _config(library: str, name: str) -> Iterator[str]:
    rows = table(holder(configs.TABLES, library, name))["configs"]
    if name in rows:
        row = rows[name]
        above = "; it has the fields of TrainingArguments, too" if row.get("extends") else ""
        yield f"config class: {_when(row['in'])}{above}"
        width = max(map(len, row["fields"]))
        for field, facts in row["fields"].items():
            default = _newest(facts["default"])
            end = "required" if default is None else f"default {default}"
            yield f"{field:{width}}  {_when(facts['in'])}, {end}"
    owner, _, field = name.rpartition(".")
    facts = rows.get(owner, {}).get("fields", {}).get(field)
    if facts:
        yield f"field: {_when(facts['in'])}"
        # Where the type lists values, what it listed before says more than how.
        yield from _history("type", _newest(facts["type"]) if "choices" in facts else facts["type"])
        yield from _history("default", facts["default"])
        yield from _history("listed values", facts.get("choices", []))
        if "init" in facts:
            yield "not a parameter of the constructor"


def _enum(library: str, name: str) -> Iterator[str]:
    rows = table("peft_configs")["enums"] if library == "peft" else {}
    if name in rows:
        members = {member: span for span, names in rows[name].items() for member in names.split()}
        width = max(map(len, members))
        for member, span in sorted(members.items()):
            yield f"{member:{width}}  {_when(span)}"
    owner, _, member = name.rpartition(".")
    span = grouped(rows.get(owner, {}), member)
    if span:
        yield f"member: {_when(span)}"


def _call(library: str, name: str) -> Iterator[str]:
    rows = table(holder(calls.TABLES, library, name))
    row = rows["calls"].get(name) or rows["calls"].get(f"{name}.__init__")
    if row:
        yield f"call: {_when(row['in'])}"
        yield from _history("parameters", row["parameters"])
        read = rows.get("keywords", {}).get(name)
        if read:
            yield from _history("further keywords with an effect", read["reads"])


def _family(library: str, name: str) -> Iterator[str]:
    row = table("modules")["families"].get(name) if library == "transformers" else None
    if row:
        about = table("modules")["about"]["releases"]
        yield f"model family, looked at in {', '.join(about)}"
        for kind, names in row.items():
            if isinstance(names, dict):
                listed: Any = {release: text.split() for release, text in names.items()}
            else:
                listed = names.split()
            if kind != "ends":
                yield from _history(_KINDS.get(kind, kind), listed)


_KINDS = {
    "parameter": "weights",
    "unbuilt": "classes not looked at",
    "chosen": "parts that can be of any family",
    "variant": "modules that other configs make",
}
# Two sets of keywords that no table lists one by one.
_MARKS = {
    "@hub": "what the hub's download function takes",
    "@any": "whatever else, passed on to other packages",
}
_PARTS = (_export, _import, _config, _enum, _call, _family)


def _when(span: str) -> str:
    """Return a span in words."""
    runs = []
    for run in span.split(", "):
        first, dots, last = run.partition("..")
        if first == last:
            runs.append(f"only in {first}")
        else:
            runs.append(f"{first} to {last}" if dots else f"since {first}")
    return ", ".join(runs)


def _history(label: str, history: Any) -> Iterator[str]:
    """Yield the newest value, and how it changed: history is a value or release -> value."""
    newest = _newest(history)
    if newest != []:
        yield f"{label}: {_text(newest)}"
    changes = [*history.items()] if isinstance(history, dict) else []
    for (_, before), (release, value) in pairwise(changes):
        if isinstance(value, list):
            added = [word for word in value if word not in before]
            removed = [word for word in before if word not in value]
            parts = [f"added {_text(added)}"] if added else []
            parts += [f"removed {_text(removed)}"] if removed else []
            yield f"  {release}: {'; '.join(parts) or 'another order'}"
        else:
            yield f"  before {release}: {_text(before)}"


def _newest(history: Any) -> Any:
    return [*history.values()][-1] if isinstance(history, dict) else history


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_MARKS.get(word, str(word)) for word in value)
    return "none" if value is None else str(value)


def _hint(library: str, name: str) -> str:
    """Return what an unknown name may be a misspelling of."""
    rows = table(holder(configs.TABLES, library, name))["configs"]
    owner, dot, field = name.rpartition(".")
    if dot and owner in rows:
        listed = f"; `peft-lint knowledge {library} {owner}` lists its fields"
        return did_you_mean(field, [*rows[owner]["fields"]]) or listed
    exports = table(f"{library}_names")["exports"].values()
    names = [exported for listed in exports for exported in listed.split()]
    called = [*table(holder(calls.TABLES, library, name))["calls"]]
    families = [*table("modules")["families"]] if library == "transformers" else []
    return did_you_mean(name, [*names, *rows, *called, *families])
