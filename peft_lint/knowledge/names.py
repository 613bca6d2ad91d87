"""What can be imported from where: exports, moved names, and where they live today."""

from __future__ import annotations

from peft_lint.knowledge.tables import table
from peft_lint.knowledge.timelines import Lifetime, grouped, lifetime, releases


def exported(library: str, name: str, release: str) -> bool | None:
    """Return whether `from LIBRARY import name` works in a release, None if that is unknown."""
    known = releases(f"{library}_names")
    position = known.position(release)
    if position is None:
        return None
    span = grouped(table(f"{library}_names")["exports"], name)
    return span is not None and known.holds(span, position)


def export_lifetime(library: str, name: str) -> Lifetime | None:
    """Return since and until when a library exports a name, None if it never did."""
    span = grouped(table(f"{library}_names")["exports"], name)
    return lifetime(span) if span else None


def importable(module: str, name: str, release: str) -> bool | None:
    """Return whether `from module import name` works in a release of peft.

    A submodule counts as a name. What a module imports from other packages is not known.
    """
    known = releases("peft_names")
    position = known.position(release)
    rows = table("peft_names")
    spans = [
        grouped(rows["imports"].get(module, {}), name),
        grouped(rows["modules"], f"{module}.{name}"),
    ]
    found = [span for span in spans if span]
    if position is None or not found:
        return None
    return any(known.holds(span, position) for span in found)


def import_lifetime(module: str, name: str) -> Lifetime | None:
    """Return since and until when `from module import name` works, None if it never did."""
    span = grouped(table("peft_names")["imports"].get(module, {}), name)
    return lifetime(span) if span else None


def home(module: str, name: str) -> str | None:
    """Return the module of peft to import `name` from today, where `module` no longer has it.

    It has the same definition, perhaps moved. None where that is gone, or where today's
    definitions of that name belong to something else.
    """
    found: str | None = table("peft_names")["homes"].get(module, {}).get(name)
    return found
