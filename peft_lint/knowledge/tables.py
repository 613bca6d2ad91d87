"""The tables of facts, each read on first need."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return the table `name`, whose layout the tool that writes it describes."""
    # Neither importlib.resources nor pathlib: each costs more than reading every table.
    with open(os.path.join(os.path.dirname(__file__), f"{name}.json"), "rb") as stream:
        rows: Mapping[str, Any] = json.load(stream)
    return rows


def holder(tables: Mapping[str, str], library: str, name: str) -> str:
    """Return which of `tables`, by library, holds a class; the experimental ones have their own."""
    return "trl_experimental" if name.startswith("experimental.") else tables[library]
