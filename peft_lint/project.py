"""What lies beside a document: the adapter configs in the folders that its code names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, lru_cache

_CONFIG = "adapter_config.json"
# What marks the root of a project, from where its scripts are run as well.
_ROOTS = (".git", "pyproject.toml", "peft-lint.toml")
_MAX_BYTES = 1_000_000


class Project:
    """The two folders that a document is run from: its own, and the root of its project.

    `asked` are the files that were looked for. One that is not there counts as well: the
    answers are others as soon as it is.
    """

    def __init__(self, document: str) -> None:
        self._folder = os.path.dirname(os.path.abspath(document))
        self._known: dict[str, Mapping[str, object] | None] = {}
        self.asked: list[str] = []

    def adapter_config(self, folder: str) -> Mapping[str, object] | None:
        """Return the adapter config in a folder, by the path that the code gives it.

        None where there is none that can be read, where the path leads out of the project,
        and where the two folders of the document have different ones.
        """
        if folder not in self._known:
            self._known[folder] = self._look(folder)
        return self._known[folder]

    def _look(self, folder: str) -> Mapping[str, object] | None:
        root = _root(self._folder)
        found: list[Mapping[str, object]] = []
        for start in dict.fromkeys((self._folder, root)):
            path = os.path.normpath(os.path.join(start, folder, _CONFIG))
            if "\0" in path or not path.startswith(os.path.join(root, "")):
                continue
            self.asked.append(path)
            content = _read(path)
            if content is not None and content not in found:
                found.append(content)
        return found[0] if len(found) == 1 else None


@cache
def _root(folder: str) -> str:
    """Return the nearest folder upwards that is the root of a project, else `folder`."""
    at = folder
    while not any(os.path.exists(os.path.join(at, name)) for name in _ROOTS):
        parent = os.path.dirname(at)
        if parent == at:
            return folder
        at = parent
    return at


def _read(path: str) -> Mapping[str, object] | None:
    with suppress(OSError):
        if os.path.isfile(path):
            status = os.stat(path)
            if status.st_size <= _MAX_BYTES:
                return _parsed(path, status.st_mtime_ns, status.st_size)
    return None


@lru_cache(maxsize=256)
def _parsed(path: str, changed: int, size: int) -> Mapping[str, object] | None:
    """Return the object in a JSON file, which is read once per state of the file."""
    import json

    # RecursionError: brackets that nest too deep.
    with suppress(OSError, ValueError, RecursionError), open(path, "rb") as stream:
        content = json.loads(stream.read(_MAX_BYTES + 1))
        return content if isinstance(content, dict) else None
    return None
