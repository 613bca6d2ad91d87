"""The releases installed in a project's environment, from the names of its dist-info folders."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from peft_lint.versions.requirement import library


@cache
def of_environment(prefix: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the releases installed under `prefix` and the folders that were looked at.

    The environment that peft-lint itself runs in says nothing about the project.
    """
    if os.path.realpath(prefix) == os.path.realpath(sys.prefix):
        return {}, ()
    folders = [*sorted(Path(prefix).glob("lib/python3.*/site-packages"))]
    folders += sorted(Path(prefix).glob("Lib/site-packages"))
    found: dict[str, str] = {}
    for folder in folders:
        for name in sorted(_names(folder)):
            distribution, _, version = name.removesuffix(".dist-info").partition("-")
            if name.endswith(".dist-info") and version and (of := library(distribution)):
                found[of] = version
    return found, tuple(map(str, folders))


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except OSError:
        return []
