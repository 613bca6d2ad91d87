"""The releases that lock files pin: uv.lock, poetry.lock, pdm.lock, pylock.toml, Pipfile.lock."""

from __future__ import annotations

import json
import re
from pathlib import Path

from peft_lint.versions.declared import read_text
from peft_lint.versions.requirement import library

# Tools write these files in one shape; reading that shape is far quicker than reading TOML.
_PACKAGE = re.compile(r'^\[\[packages?\]\]\r?\nname = "([^"]+)"\r?\nversion = "([^"]+)"', re.M)
_CONFLICT = re.compile(r"^(?:<<<<<<<|>>>>>>>)", re.M)


def of_lock_file(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the versions that a lock file has of each library, empty if it is broken.

    A lock file may have several of one library, for different platforms.
    """
    text = read_text(path)
    if text is None or _CONFLICT.search(text):
        return {}
    pairs = _pipfile(text) if path.suffix != ".toml" and text[:1] == "{" else _PACKAGE.findall(text)
    found: dict[str, tuple[str, ...]] = {}
    for name, version in pairs:
        if of := library(name):
            found[of] = (*found.get(of, ()), version)
    return found


def _pipfile(text: str) -> list[tuple[str, str]]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        return []
    section = table.get("default") if isinstance(table, dict) else None
    if not isinstance(section, dict):
        return []
    versions = {
        name: entry.get("version") for name, entry in section.items() if isinstance(entry, dict)
    }
    return [(name, v.lstrip("=")) for name, v in versions.items() if isinstance(v, str)]
