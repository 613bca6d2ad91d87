"""The releases installed in a project's environment, from the names of its dist-info folders."""

from __future__ import annotations

import os
import sys
from functools import cache

from peft_lint.versions.requirement import library


@cache
def of_environment(prefix: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the releases installed under `prefix` and the folders that were looked at.

    The environment that peft-lint itself runs in says nothing about the project.
    """
    if os.path.realpath(prefix) == os.path.realpath(sys.prefix):
        return {}, ()
    libraries = [os.path.join("lib", name) for name in _names(os.path.join(prefix, "lib"))]
    pythons = sorted(name for name in libraries if name.startswith(os.path.join("lib", "python3.")))
    places = [os.path.join(prefix, name, "site-packages") for name in (*pythons, "Lib")]
    folders = [place for place in places if os.path.isdir(place)]
    found: dict[str, str] = {}
    for folder in folders:
        for name in sorted(_names(folder)):
            distribution, _, version = name.removesuffix(".dist-info").partition("-")
            if name.endswith(".dist-info") and version and (of := library(distribution)):
                found[of] = version
    return found, tuple(folders)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
