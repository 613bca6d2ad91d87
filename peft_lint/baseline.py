"""The baseline: findings that were there before, kept in a file that can only shrink."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence

from peft_lint import files
from peft_lint.finding import Finding
from peft_lint.lean import TYPE_CHECKING
from peft_lint.settings import SettingsError

if TYPE_CHECKING:
    from typing import Any

_SCHEMA = 1


class Baseline:
    """Known findings by file: an entry is a code and the finding's fingerprint.

    A fingerprint is made of the rule, the statement's text, the functions and classes around
    it, and a count of equal ones, so that edits elsewhere in a file do not break it. Paths
    are relative to the folder of the baseline's own file.
    """

    def __init__(self, path: str, known: dict[str, set[str]]) -> None:
        self._path = path
        self._root = os.path.dirname(os.path.abspath(path))
        self._known = known
        self._met: dict[str, dict[int, set[str]]] = {}
        self._asked: dict[str, set[str]] = {}

    @classmethod
    def load(cls, path: str) -> Baseline:
        """Read a baseline; raise SettingsError if it is not there or is none."""
        try:
            with open(path, encoding="utf-8") as stream:
                rows: Any = json.load(stream)
        except FileNotFoundError:
            raise SettingsError(f"{path}: no such file: --update-baseline makes it") from None
        except OSError as error:
            raise SettingsError(f"{path}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise SettingsError(f"{path}: not a baseline: {error}") from None
        try:
            if rows["schema"] != _SCHEMA:
                raise SettingsError(f"{path}: made by a newer peft-lint: update peft-lint")
            known = {
                str(file): {str(one) for one in found} for file, found in rows["files"].items()
            }
        except (KeyError, TypeError, AttributeError):
            raise SettingsError(f"{path}: not a baseline: delete it and make a new one") from None
        return cls(path, known)

    def new(
        self, path: str, findings: Iterable[Finding], codes: set[str], part: int = 0
    ) -> list[Finding]:
        """Return the findings of one document that the baseline does not know.

        What it knows counts as met; of several calls for one part of a file the last counts.
        `codes` are those of the rules that were asked: of the others nothing is known.
        """
        name = self._name(path)
        self._asked[name] = codes
        known, met = self._known.get(name, set()), set[str]()
        left = []
        for finding in findings:
            entry = _entry(finding)
            if entry in known:
                met.add(entry)
            else:
                left.append(finding)
        self._met.setdefault(name, {})[part] = met
        return left

    @property
    def met(self) -> int:
        """How many findings of this run the baseline knew."""
        return sum(len(met) for parts in self._met.values() for met in parts.values())

    def stale(self) -> list[str]:
        """Return "path: CODE" for entries that no longer occur, in files seen or gone."""
        return [
            f"{name}: {entry.split()[0]}"
            for name, entries in sorted(self._known.items())
            for entry in sorted(entries - self._current(name))
        ]

    def shrink(self) -> None:
        """Write the file again without what is stale."""
        known = {name: entries & self._current(name) for name, entries in self._known.items()}
        self._write(known)

    def create(self, files: Sequence[tuple[str, Sequence[Finding]]]) -> int:
        """Write a first baseline of the findings of each path; return how many they are."""
        known: dict[str, set[str]] = {}
        for path, findings in files:
            # The tool's own findings have no fingerprint: they are mended, not kept.
            entries = {_entry(finding) for finding in findings if finding.fingerprint}
            known.setdefault(self._name(path), set()).update(entries)
        self._write(known)
        return sum(map(len, known.values()))

    def _current(self, name: str) -> set[str]:
        """Return the entries of a file that still hold, as far as this run can tell."""
        if name in self._met:
            asked = self._asked[name]
            others = {entry for entry in self._known[name] if entry.split()[0] not in asked}
            return others.union(*self._met[name].values())
        there = os.path.exists(os.path.join(self._root, name))
        return self._known[name] if there else set()

    def _name(self, path: str) -> str:
        return os.path.relpath(os.path.abspath(path), self._root).replace(os.sep, "/")

    def _write(self, known: dict[str, set[str]]) -> None:
        rows = {name: sorted(entries) for name, entries in sorted(known.items()) if entries}
        text = json.dumps({"schema": _SCHEMA, "files": rows}, indent=1, ensure_ascii=False) + "\n"
        try:
            # A byte of a path that is no UTF-8 becomes an escape that JSON reads back.
            files.write(self._path, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise SettingsError(f"{self._path}: not written: {error.strerror}") from None


def _entry(finding: Finding) -> str:
    return f"{finding.code} {finding.fingerprint}"
