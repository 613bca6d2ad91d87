"""Write what can be seen of every model family when its classes are built without weights.

    python -m tools.make_families

Every class of classes.json that the installed transformers has is built with its default
config, few layers, on the meta device. Nothing is downloaded. The names of its modules go into
modules.json, where the rows of other releases stay: names change, so that table holds the
releases of several environments. Where the release is the one of classes.json, heads.json,
batch_norms.json and dropout.json are written, too.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from peft_lint.versions.specifier import key
from tools.extract.assigned import assigned_modules
from tools.extract.auto_classes import auto_mapping
from tools.extract.building import build, default_configs, transformers
from tools.extract.built_facts import Built, batch_norms, chosen_parts, dropout, heads, look_at
from tools.extract.module_names import Row, folded, merge, unfolded
from tools.extract.timelines import TABLES, write

RELEASE = transformers.__version__


def main() -> None:
    """Build every class, and write the tables."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    classes = table("classes")
    rows, found = look(classes["models"])
    configs = default_configs()
    add_what_configs_decide(rows, configs)
    write_modules(rows)
    if classes["about"]["releases"] == [RELEASE]:
        write("heads", about([RELEASE]), heads(found))
        write("batch_norms", about([RELEASE]), batch_norms(found))
        varying = table("checkpoints")["varying_dropout"]
        families = dropout(found, configs, varying)
        write("dropout", about([RELEASE]), {"families": families})
    unbuilt = sum(len(row.get("unbuilt", ())) for row in rows.values())
    print(f"transformers {RELEASE}: {len(rows)} families, {unbuilt} classes unbuilt")


def look(classes: Mapping[str, tuple[str, str | None]]) -> tuple[dict[str, Row], list[Built]]:
    """Return family -> the names of its modules, and what each class shows."""
    rows: dict[str, Row] = {}
    found: list[Built] = []
    for name, (family, task) in classes.items():
        if hasattr(transformers, name):
            row = rows.setdefault(family, {})
            try:
                model = build(name, family)
            except Exception as error:  # whatever a config's defaults run into
                row.setdefault("unbuilt", set()).add(name)
                print(f"{name}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
            else:
                merge(row, model, task)
                found.append(look_at(model, family, task))
    return rows, found


def add_what_configs_decide(rows: Mapping[str, Row], configs: Mapping[str, Any]) -> None:
    """Add the parts and modules that other configs give a family whose classes were all built."""
    models = Path(transformers.__file__).parent / "models"
    folders = auto_mapping(models, "SPECIAL_MODEL_TYPE_TO_MODULE_NAME")
    for family, row in rows.items():
        if "unbuilt" in row or family not in configs:
            continue
        seen = {word for names in row.values() for name in names for word in name.split(".")}
        if chosen := {*chosen_parts(configs[family])}:
            row["chosen"] = chosen
        elif variant := assigned_modules(models, family, folders) - seen:
            row["variant"] = variant


def write_modules(rows: Mapping[str, Row]) -> None:
    """Write modules.json with the rows of this release put in."""
    known = table("modules") if (TABLES / "modules.json").exists() else None
    others = unfolded(known) if known else {}
    measured = others | {RELEASE: {family: row for family, row in rows.items() if row}}
    ordered = dict(sorted(measured.items(), key=lambda pair: key(pair[0])))
    write("modules", about([*ordered]), {"families": folded(ordered)})


def about(releases: list[str]) -> dict[str, Any]:
    """Return how a table was made, and from which releases of transformers."""
    made = "tools/make_families.py: each class built without weights, from its default config"
    return {"library": "transformers", "made": made, "releases": releases}


def table(name: str) -> dict[str, Any]:
    """Return a table as it is."""
    found: dict[str, Any] = json.loads((TABLES / f"{name}.json").read_text("utf-8"))
    return found


if __name__ == "__main__":
    main()
