"""Differences between a table and an independent extraction, held against those with a reason."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

# What is said, here and there.
Difference = tuple[str, Any, Any]
FOLDER = Path(__file__).resolve().parents[2] / "tests" / "data"


def judge(found: Collection[Difference], compared: int, name: str) -> int:
    """Print each difference that the file `name` does not explain; return 1 if there is one."""
    rows = json.loads((FOLDER / name).read_text("utf-8"))["differences"]
    known = [(row["what"], row["ours"], row["theirs"]) for row in rows]
    left = [row for row in found if row not in known]
    gone = [row for row in known if row not in found]
    for what, ours, theirs in left:
        print(f"{what}: ours {ours!r}, theirs {theirs!r}")
    for what, ours, theirs in gone:
        print(f"explained, but no longer so: {what}: ours {ours!r}, theirs {theirs!r}")
    print(f"{compared} facts compared, {len(known)} differences explained, {len(left)} not")
    return 1 if left or gone else 0
