"""Timelines: what held in which releases of a library.

A span is text such as "0.9.0" (since then) or "0.14.0..0.18.1" (both included), with gaps
several of these joined by ", ". A history is a value that never changed, or an object from the
first release of each value to the value.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from peft_lint.knowledge.tables import table
from peft_lint.lean import TYPE_CHECKING, Record
from peft_lint.versions.specifier import key

if TYPE_CHECKING:
    from typing import Any


class Lifetime(Record):
    """The first release with something, and the last one: None if the newest known has it."""

    first: str
    last: str | None


class Releases:
    """The releases that one table covers, oldest first."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._positions = {name: position for position, name in enumerate(names)}

    def position(self, release: str) -> int | None:
        """Return which covered release stands for `release`, None where none does.

        It is the newest one that is not newer, within the same minor release. Raises
        SpecifierError, a ValueError, for what is no version.
        """
        wanted = key(release)
        minor = _minor(release)
        same = [name for name in self.names if _minor(name) == minor]
        older = [name for name in same if key(name) <= wanted]
        return self._positions[older[-1] if older else same[0]] if same else None

    def holds(self, span: str, position: int) -> bool:
        """Return whether `span` includes the release at `position`."""
        return any(first <= position <= last for first, last in self._runs(span))

    def at(self, history: Any, position: int) -> Any:
        """Return the value of a history in the release at `position`."""
        if not isinstance(history, dict):
            return history
        held = None
        for release, value in history.items():
            if self._positions[release] <= position:
                held = value
        return held

    def _runs(self, span: str) -> Iterator[tuple[int, int]]:
        for run in span.split(", "):
            first, _, last = run.partition("..")
            yield self._positions[first], self._positions[last or self.names[-1]]


@cache
def releases(name: str) -> Releases:
    """Return the releases that the table `name` covers."""
    return Releases(table(name)["about"]["releases"])


def lifetime(span: str) -> Lifetime:
    """Return the ends of a span, gaps left aside."""
    return Lifetime(span.partition("..")[0].partition(",")[0], span_end(span))


def span_end(span: str) -> str | None:
    """Return the last release of a span, None if the newest known release has it."""
    return span.rpartition(", ")[2].partition("..")[2] or None


def grouped(rows: dict[str, str], name: str) -> str | None:
    """Return the span of `name` in a table from span to names."""
    return next((span for span, names in rows.items() if name in names.split()), None)


def _minor(release: str) -> tuple[int, ...]:
    numbers = key(release)[1]
    return (*numbers, 0)[:2]
