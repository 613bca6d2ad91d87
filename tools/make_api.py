"""Write what peft, transformers and trl offered in each of their releases, and check it.

    python -m tools.make_api [--kept FOLDER] [peft] [transformers] [trl]
    python -m tools.make_api --check HISTORY MOVED

Each released wheel is downloaded, parsed and deleted, one after the other; nothing of it is
run. `--kept` is a folder where wheels are looked for and stay. `--check` compares the shipped
tables of peft with an independent extraction (see tools/extract/history.py), and fails where a
difference is not among those that tests/data/peft_history.json explains.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from peft_lint.versions.specifier import key
from peft_lint.versions.target import known_releases
from tools.extract import history, peft_api, timelines, training_api
from tools.extract.explained import judge
from tools.extract.keywords import download_parameters
from tools.extract.wheels import packages

LIBRARIES = ("peft", "transformers", "trl")
# The oldest releases that fine-tuning code with PEFT was written for.
OLDEST = {"peft": "0.0.1", "transformers": "4.28", "trl": "0.4"}
# From each time that the parameters of the download function changed.
HUB_RELEASES = ("0.14.1", "0.20.3", "0.26.5", "0.36.0", "1.0.0", "2.4.0")


def main() -> None:
    """Write the tables of the named libraries (all by default), or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY", help=", ".join(LIBRARIES))
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--check", nargs=2, type=Path, metavar=("HISTORY", "MOVED"))
    options = parser.parse_args()
    unknown = {*options.libraries} - {*LIBRARIES}
    if unknown:
        parser.error(f"no such library: {', '.join(sorted(unknown))}; choose of {LIBRARIES}")
    if options.check:
        sys.exit(check(*options.check))
    for library in options.libraries or LIBRARIES:
        {"peft": write_peft}.get(library, write_training)(library, options.kept)


def releases(library: str) -> list[str]:
    """Return the releases to read: of transformers, which is large, the last of each minor."""
    found = [r for r in known_releases()[library] if key(r) >= key(OLDEST[library])]
    if library != "transformers":
        return found
    return list({key(release)[1][:2]: release for release in found}.values())


def about(library: str, names: Iterable[str], what: str) -> dict[str, Any]:
    """Return how a table was made, and from which releases."""
    made = f"tools/make_api.py: the source of the released wheels, parsed: {what}"
    return {"library": library, "made": made, "releases": list(names)}


def write_peft(library: str, kept: Path | None) -> None:
    """Write the four tables of peft."""
    found = {r: peft_api.read(p) for r, p in packages(library, releases(library), kept)}
    hub = [p for _, p in packages("huggingface_hub", HUB_RELEASES, kept)]
    contents = {
        "peft_configs": "config classes with their fields, and enums",
        "peft_names": "what can be imported from where, and where to import it from today",
        "peft_calls": "parameters, and the further keywords that have an effect",
        "peft_targets": "the target modules that peft chooses where none are given",
    }
    tables = peft_api.tables(found)
    tables["peft_calls"]["hub"] = {"hf_hub_download": download_parameters(hub)}
    for name, what in contents.items():
        timelines.write(name, about(library, found, what), tables[name])


def write_training(library: str, kept: Path | None) -> None:
    """Write the tables of transformers or trl."""
    read = getattr(training_api, f"read_{library}")
    every = packages(library, releases(library), kept, typing=True)
    found = {release: read(package) for release, package in every}
    tables = training_api.tables(found)
    names = {"exports": tables.pop("exports")}
    timelines.write(f"{library}_names", about(library, found, "exported names"), names)
    what = about(library, found, "the fields of configs, and the parameters of constructors")
    stable, experimental = training_api.parted(tables)
    timelines.write(f"{library}_api", what, stable)
    if library == "trl":
        timelines.write("trl_experimental", what, experimental)


def check(other: Path, moved: Path) -> int:
    """Print each difference that nobody has explained; return 1 if there is one."""
    result = history.compare(*(json.loads(p.read_text("utf-8")) for p in (other, moved)))
    return judge(result.differences, result.compared, "peft_history.json")


if __name__ == "__main__":
    main()
