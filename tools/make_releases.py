"""Write peft_lint/versions/releases.json: the final releases of each library, oldest first.

Run it when the facts have been checked against newer releases, with the newest one that they
cover where that is not the newest released: `python tools/make_releases.py torch=2.13.0`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from peft_lint.versions.specifier import is_final, key  # noqa: E402
from peft_lint.versions.target import LIBRARIES  # noqa: E402


def releases(library: str, newest: str | None) -> list[str]:
    """Return what the package index lists for `library`, up to `newest`."""
    command = [sys.executable, "-m", "pip", "index", "versions", library]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line = next(text for text in output.splitlines() if text.startswith("Available versions:"))
    names = [name.strip() for name in line.partition(":")[2].split(",")]
    finals = [name for name in names if is_final(name) and "+" not in name]
    return sorted((n for n in finals if newest is None or key(n) <= key(newest)), key=key)


def main(arguments: list[str]) -> None:
    """Write the table; `arguments` are LIBRARY=NEWEST pairs."""
    newest = dict(argument.split("=", 1) for argument in arguments)
    rows = {library: releases(library, newest.get(library)) for library in LIBRARIES}
    lines = [f" {json.dumps(library)}: {json.dumps(names)}" for library, names in rows.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (ROOT / "peft_lint" / "versions" / "releases.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
