"""The modules of model families by name, and those that PEFT targets where none are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from peft_lint.knowledge.tables import table
from peft_lint.knowledge.timelines import releases
from peft_lint.lean import Record
from peft_lint.versions.specifier import key

# The fields of Modules that name modules and weights of built models.
_KINDS = ("linear", "conv", "embedding", "norm", "part", "parameter")
_TARGETS = "TRANSFORMERS_MODELS_TO_{}_TARGET_MODULES_MAPPING"


class Modules(Record):
    """The modules with weights, and the norms, of a family in one release of transformers.

    Linear and convolution layers are named with the module around them, numbers of layers left
    out ("self_attn.q_proj"), others by their own name. `part` are further modules that hold
    others, or whose weights are of no common kind; `parameter` are such weights
    ("experts.down_proj").
    `unbuilt` are classes of the family that could not be looked at, `chosen` the parts that can
    be of any family, `variant` the modules that other configs make, as far as the source says.
    """

    linear: tuple[str, ...] = ()
    conv: tuple[str, ...] = ()
    embedding: tuple[str, ...] = ()
    norm: tuple[str, ...] = ()
    part: tuple[str, ...] = ()
    parameter: tuple[str, ...] = ()
    unbuilt: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()


def modules(family: str, release: str | None = None) -> Modules | None:
    """Return the modules of a family in the newest known release of transformers, or `release`.

    Only a few releases have been looked at: None for every other one.
    """
    known = releases("modules")
    row = table("modules")["families"].get(family)
    chosen = release or known.names[-1]
    if row is None or chosen not in known.names:
        return None
    position = known.names.index(chosen)
    kinds = {k: tuple(known.at(row.get(k, ""), position).split()) for k in Modules._fields}
    return Modules(**kinds) if any(kinds.values()) else None


def has_module(family: str | None, name: str, release: str | None = None) -> bool | None:
    """Return whether the models of a family have modules with weights called `name`, a dotted end.

    Names change between releases of transformers: for `release` the known ones nearest to it
    on both sides must agree, without one all known ones. None where they do not, where the
    config decides, and where `name` says more than is known of names.
    """
    newest = modules(family) if family is not None else None
    if family is None or newest is None:
        return None
    rows = [modules(family, near) for near in _around(release)]
    # A family that came later says nothing of the releases before it.
    found = {_has(row, name) for row in rows if row is not None or release is not None}
    has = found.pop() if len(found) == 1 else None
    open_ended = newest.chosen or name.rpartition(".")[2] in newest.variant
    return None if open_ended and has is False else has


def lacks_ending(family: str, name: str) -> bool:
    """Return whether surely no module of a family, in any release, has a name that ends so.

    `modules_to_save` is compared like this, without a dot before it. Modules without weights
    are not known; of a dotted name the last word decides.
    """
    last = name.rpartition(".")[2]
    rows = [row for release in releases("modules").names if (row := modules(family, release))]
    words = {word for row in rows for kind in row for text in kind for word in text.split(".")}
    sure = bool(rows) and not any(row.unbuilt or row.chosen for row in rows)
    return sure and not any(word.endswith(last) for word in words)


def ends(family: str | None = None) -> frozenset[tuple[str, str]]:
    """Return the names of a family's embedding and output layer, those of all without one.

    They are those of the newest known release.
    """
    known = releases("modules")
    families = table("modules")["families"]
    rows = families.values() if family is None else [families.get(family, {})]
    found = (
        end for row in rows for end in known.at(row.get("ends", ""), len(known.names) - 1).split()
    )
    return frozenset((words[0], words[1]) for words in (end.split(":") for end in found))


def outermost() -> frozenset[str]:
    """Return the names that layers have which no module but the model itself holds, in any family.

    Of embeddings and norms it is not known what is around them: they are all among these.
    """
    known = releases("modules")
    rows = [
        str(known.at(row.get(kind, ""), position)).split()
        for row in table("modules")["families"].values()
        for kind in ("linear", "conv", "embedding", "norm")
        for position in range(len(known.names))
    ]
    return frozenset(name for names in rows for name in names if "." not in name)


def tied(family: str) -> bool | None:
    """Return whether a family's output layer shares its weight with the embedding, by default.

    None where it has no output layer, where its classes differ, or the family is unknown.
    """
    row = table("modules")["families"].get(family)
    known = releases("modules")
    ends = known.at(row.get("ends", ""), len(known.names) - 1) if row else ""
    shared = {end.endswith(":tied") for end in ends.split()}
    return shared.pop() if len(shared) == 1 else None


def default_targets(peft_type: str, family: str, release: str) -> tuple[str, ...] | None:
    """Return the modules that a config of a PeftType targets by itself in a release of peft.

    Empty where PEFT has no default for the family and asks for `target_modules`; None where the
    type has no such defaults, or the release is not known.
    """
    mapping = _TARGETS.format(peft_type.replace("_", ""))
    known = releases("peft_targets")
    position = known.position(release)
    rows: Mapping[str, Mapping[str, object]] | None = table("peft_targets").get(mapping)
    if rows is None or position is None:
        return None
    held = [family for family, row in rows.items() if known.holds(str(row["in"]), position)]
    if not held:
        return None
    return tuple(known.at(rows[family]["modules"], position)) if family in held else ()


def _around(release: str | None) -> Iterable[str]:
    """Return the known releases nearest to `release`, none where it is not between two."""
    names = releases("modules").names
    if release is None:
        return names
    before = [name for name in names if key(name) <= key(release)]
    after = [name for name in names if key(name) >= key(release)]
    return {before[-1], after[0]} if before and after else ()


def _has(found: Modules | None, name: str) -> bool | None:
    if found is None:
        return None
    known = [text for group in found[: len(_KINDS)] for text in group]
    if any(f".{name}." in f".{text}." for text in known):
        return True
    # A layer's number is never known, nor what is around most modules.
    around, dot, last = name.rpartition(".")
    vague = bool(dot) and ("." in around or last in known or last.isdigit())
    return None if vague or found.unbuilt else False
