"""Write the tables that come from the source of transformers, or are kept by hand.

    python -m tools.make_knowledge

The installed transformers is parsed, never imported: which model classes there are and for
which task (classes.json), and which checkpoints the documentation of each family names
(ids.json). checkpoints.json holds what checkpoints.toml says, in a form that is quick to read.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from tools.extract.auto_classes import model_classes
from tools.extract.documented_ids import unambiguous_ids
from tools.extract.timelines import TABLES, write

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def main() -> None:
    """Write the three tables."""
    by_hand = tomllib.loads((TABLES / "checkpoints.toml").read_text("utf-8"))
    write("checkpoints", by_hand.pop("about"), by_hand)
    spec = find_spec("transformers")
    if spec is None or spec.origin is None:
        raise SystemExit("transformers is not installed")
    models = Path(spec.origin).parent / "models"
    classes, autos = model_classes(models)
    write(
        "classes",
        about("the source of its auto classes, parsed"),
        {"auto": autos, "models": classes},
    )
    named = about("the checkpoints that the docstrings of its configs name, parsed")
    write("ids", named, {"ids": unambiguous_ids(models)})


def about(what: str) -> dict[str, object]:
    """Return how a table was made, and from which release of transformers."""
    made = f"tools/make_knowledge.py: {what}"
    return {"library": "transformers", "made": made, "releases": [version("transformers")]}


if __name__ == "__main__":
    main()
