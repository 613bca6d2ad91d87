"""Versions and version specifiers (PEP 440), compared without importing `packaging`.

`packaging` would cost more at start-up than a whole small file takes to lint; a test holds
this module to its answers.
"""

from __future__ import annotations

import re
from functools import cache

Key = tuple[int, tuple[int, ...], tuple[int, int], int, int]

_VERSION = (
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_n>\d*))?"
    r"(?:-(?P<post_dash>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_n>\d*))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?"
)
_CLAUSE = r"(===|~=|==|!=|<=|>=|<|>)\s*(\S+)"
_PHASES = {"alpha": 0, "a": 0, "beta": 1, "b": 1, "preview": 2, "pre": 2, "c": 2, "rc": 2}
_NO_PRE = 3
_NEVER = 1 << 62  # sorts a release after each of its development releases


class SpecifierError(ValueError):
    """A text that is not a version or not a version specifier."""


@cache
def key(version: str) -> Key:
    """Return what orders versions, local part left out; raise SpecifierError."""
    if version.replace(".", "").isdecimal() and "" not in version.split("."):
        release = [int(part) for part in version.split(".")]
        return (0, _stripped(release), (_NO_PRE, 0), -1, _NEVER)
    match = re.fullmatch(_VERSION, version.strip(), re.IGNORECASE | re.ASCII)
    if match is None:
        raise SpecifierError(f"{version!r} is not a version")
    post, dev = -1, _NEVER
    if match["post_dash"] or match["post"]:
        post = int(match["post_dash"] or match["post_n"] or 0)
    if match["dev"]:
        dev = int(match["dev_n"] or 0)
    if match["pre"]:
        pre = (_PHASES[match["pre"].lower()], int(match["pre_n"] or 0))
    else:
        pre = (-1, 0) if match["dev"] and post < 0 else (_NO_PRE, 0)
    release = [int(part) for part in match["release"].split(".")]
    return (int(match["epoch"] or 0), _stripped(release), pre, post, dev)


def is_final(version: str) -> bool:
    """Return whether `version` is neither a pre-release nor a development release."""
    _, _, pre, _, dev = key(version)
    return pre[0] == _NO_PRE and dev == _NEVER


def _stripped(release: list[int]) -> tuple[int, ...]:
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    return tuple(release)


@cache
def clauses(specifier: str) -> tuple[tuple[str, str], ...]:
    """Split `">=0.3,<1"` into pairs of an operator and a version; raise SpecifierError."""
    pairs = []
    for part in filter(None, (piece.strip() for piece in specifier.split(","))):
        match = re.fullmatch(_CLAUSE, part)
        if match is None:
            raise SpecifierError(f"{part!r} is not a version specifier")
        operator, version = match.groups()
        if operator != "===":
            key(version[:-2] if operator in ("==", "!=") and version.endswith(".*") else version)
        if operator == "~=" and "." not in _release(version):
            raise SpecifierError(f"{part!r} needs a second number, such as ~=1.0")
        pairs.append((operator, version))
    return tuple(pairs)


@cache
def satisfies(version: str, specifier: str) -> bool:
    """Return whether `version`, pre-release or not, lies in `specifier`; raise SpecifierError."""
    return all(_holds(version, operator, bound) for operator, bound in clauses(specifier))


def _holds(version: str, operator: str, bound: str) -> bool:
    if operator == "===":
        return version.lower() == bound.lower()
    if operator == "!=":
        return not _holds(version, "==", bound)
    if operator == "==":
        return _equals(version, bound)
    if operator == "~=":
        prefix = _release(bound).rpartition(".")[0]
        return key(version) >= key(bound) and _equals(version, f"{key(bound)[0]}!{prefix}.*")
    have, want = key(version), key(bound)
    if operator == "<":
        # The bound's own pre-releases are no release before it (PEP 440).
        own = is_final(bound) and not is_final(version) and have >= key(f"{bound}.dev0")
        return have < want and not own
    if operator == ">":
        own = have[:3] == want[:3] and have[3] >= 0 > want[3] and want[4] == _NEVER
        return have > want and not own
    return have >= want if operator == ">=" else have <= want


def _equals(version: str, bound: str) -> bool:
    if bound.endswith(".*"):
        prefix = [int(part) for part in _release(bound[:-2]).split(".")]
        release = [int(part) for part in _release(version).split(".")]
        release += [0] * (len(prefix) - len(release))
        return release[: len(prefix)] == prefix and key(version)[0] == key(bound[:-2])[0]
    local = bound.partition("+")[2]
    return key(version) == key(bound) and (not local or local == version.partition("+")[2])


def _release(version: str) -> str:
    """Return the dotted numbers of a version, zeros at the end kept."""
    match = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", version.strip(), re.IGNORECASE)
    if match is None:
        raise SpecifierError(f"{version!r} is not a version")
    return match[1]


def exact(specifier: str) -> str | None:
    """Return the one version that `specifier` pins, if it pins one."""
    pairs = clauses(specifier)
    if len(pairs) == 1 and pairs[0][0] in ("==", "===") and not pairs[0][1].endswith(".*"):
        return pairs[0][1]
    return None


def lower_bound(specifier: str) -> str | None:
    """Return the lowest version that `specifier` names as allowed, None if it has no floor."""
    floors = [
        bound.removesuffix(".*")
        for operator, bound in clauses(specifier)
        if operator in (">=", ">", "==", "~=", "===")
    ]
    return max(floors, key=key, default=None)
