"""Tests of a library's release: `version.parse(trl.__version__) < version.parse("0.26")`."""

from __future__ import annotations

from collections.abc import Hashable

from peft_lint.interpreter.objects import Fact
from peft_lint.interpreter.values import Symbol
from peft_lint.versions import LIBRARIES, Target
from peft_lint.versions.specifier import SpecifierError, key

# What stands between the two when the constant is written first.
_MIRRORED = {"<": ">", ">": "<", "==": "=="}
ATTRIBUTE = "__version__"


def release_of(distribution: str) -> Symbol:
    """Return the value that is the release of a library."""
    return Symbol(f"{distribution.replace('-', '_')}.{ATTRIBUTE}")


def decided(condition: Hashable, target: Target) -> Fact:
    """Return whether a comparison of a release holds, None where what is allowed differs.

    A local part (`2.1.0+cu121`) orders versions as well, and is not known: a release is at
    least the one it equals otherwise, and nothing more.
    """
    match condition:
        case (str(sign), ("release", left), ("release", right)) if sign in _MIRRORED:
            if isinstance(right, Symbol):
                sign, left, right = _MIRRORED[sign], right, left
        case _:
            return None
    span = _span(left, target) if isinstance(left, Symbol) else None
    match right:
        case ("literal", ((_, str(text)),)) if span is not None:
            pass
        case _:
            return None
    try:
        bound = key(text)
    except SpecifierError:
        return None
    oldest, newest = map(key, span)
    if newest < bound:
        return sign == "<"
    if bound < oldest:
        return sign == ">"
    return False if sign == "<" and bound == oldest else None


def _span(release: Symbol, target: Target) -> tuple[str, str] | None:
    library = next((one for one in LIBRARIES if release == release_of(one)), None)
    return target.span(library) if library is not None else None


def mentions(condition: Hashable, library: str) -> bool:
    """Return whether a condition depends on the release of a library."""
    release = release_of(library)
    waiting = [condition]
    while waiting:
        part = waiting.pop()
        if part == release:
            return True
        if isinstance(part, tuple) and not isinstance(part, Symbol):
            waiting += part
    return False
