"""The resolved releases of one project: what decides firing, what bounds fixes, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from peft_lint.lean import Record
from peft_lint.versions.specifier import exact, key, lower_bound, satisfies

LIBRARIES = (
    "peft",
    "transformers",
    "trl",
    "accelerate",
    "torch",
    "bitsandbytes",
    "diffusers",
    "lightning",
    "unsloth",
    "sentence-transformers",
)
NOTHING_SAID = "newest known release"
# Before and after every release.
_OLDEST, _NEWER = "0", "99999"


@cache
def known_releases() -> Mapping[str, tuple[str, ...]]:
    """Return the releases of each library that the facts of this package cover, oldest first."""
    with open(os.path.join(os.path.dirname(__file__), "releases.json"), "rb") as stream:
        rows = json.load(stream)
    return {library: tuple(releases) for library, releases in rows.items()}


class Claim(Record):
    """What a project says about one library.

    `release` decides firing and `source` says in words where it comes from. `allowed` are
    alternative specifiers: the project allows a release that lies in one of them; it is
    empty where no file bounds the library.
    """

    release: str
    source: str
    allowed: tuple[str, ...] = ()


class Target(Record):
    """The releases that a document's project uses; of what nothing says, the newest known.

    `dependencies` are the paths of the files that the answer rests on. Every method raises
    KeyError for a library outside `LIBRARIES`.
    """

    claims: Mapping[str, Claim] = MappingProxyType({})
    dependencies: tuple[str, ...] = ()

    def release(self, library: str) -> str:
        """Return the locked or installed release, else the newest that the project allows."""
        claim = self.claims.get(library)
        return claim.release if claim else known_releases()[library][-1]

    def source(self, library: str) -> str:
        """Return in words how the release is known, e.g. "locked in uv.lock"."""
        claim = self.claims.get(library)
        return claim.source if claim else NOTHING_SAID

    def known(self, library: str) -> bool:
        """Return whether anything says which release is used."""
        return library in self.claims

    def at_least(self, library: str, version: str) -> bool:
        """Return whether the release that decides firing is `version` or newer."""
        return key(self.release(library)) >= key(version)

    def allows(self, library: str, specifier: str) -> bool:
        """Return whether the release that decides firing lies in `specifier`, e.g. ">=0.3,<1"."""
        return satisfies(self.release(library), specifier)

    def lowest(self, library: str) -> str | None:
        """Return the oldest release that a fix must be right on, None where nothing bounds it."""
        claim = self.claims.get(library)
        if claim is None or not claim.allowed:
            return None
        floors = [lower_bound(specifier) for specifier in claim.allowed]
        bounded = [floor for floor in floors if floor is not None]
        return min(bounded, key=key) if len(bounded) == len(floors) else None

    def span(self, library: str) -> tuple[str, str] | None:
        """Return the oldest and the newest release that may be in use, None where nothing says.

        What is installed is in use where no file bounds it.
        """
        claim = self.claims.get(library)
        if claim is None or not claim.allowed:
            return (claim.release, claim.release) if claim else None
        known = known_releases()[library]
        inside = [one for one in known if any(satisfies(one, spec) for spec in claim.allowed)]
        if known[-1] in inside and not all(map(exact, claim.allowed)):
            # As newer ones may be.
            inside.append(_NEWER)
        return self.lowest(library) or _OLDEST, max([claim.release, *inside], key=key)

    def bounded(self, library: str) -> bool:
        """Return whether no release newer than the newest known one can be in use."""
        claim = self.claims.get(library)
        newest = key(known_releases()[library][-1])
        if claim is None or key(claim.release) > newest:
            return False
        unbounded = any(satisfies(_NEWER, specifier) for specifier in claim.allowed)
        return key(claim.release) < newest or not unbounded
