"""What each release of transformers and trl offers to fine-tuning code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.extract import timelines
from tools.extract.definitions import Field, parameters
from tools.extract.source import Package

_ARGUMENTS = {
    "TrainingArguments": "transformers.training_args",
    "Seq2SeqTrainingArguments": "transformers.training_args_seq2seq",
}
_CONSTRUCTORS = {
    "Trainer": "transformers.trainer",
    "Seq2SeqTrainer": "transformers.trainer_seq2seq",
    "BitsAndBytesConfig": "transformers.utils.quantization_config",
    "GPTQConfig": "transformers.utils.quantization_config",
    "AwqConfig": "transformers.utils.quantization_config",
}


@dataclass(frozen=True)
class Release:
    """The facts of one release; `extends` are bases that other packages define."""

    exports: set[str]
    fields: dict[str, dict[str, Field]] = field(default_factory=dict)
    extends: dict[str, list[str]] = field(default_factory=dict)
    calls: dict[str, list[str]] = field(default_factory=dict)


def read_transformers(package: Package) -> Release:
    """Return the facts of one release of transformers."""
    release = Release({*_structured(package), *_listed(package)})
    for name, module in _ARGUMENTS.items():
        found = package.class_named(module, name)
        fields = package.fields(*found) if found else None
        if fields:
            release.fields[name] = fields
            release.extends[name] = []
    for name, module in _CONSTRUCTORS.items():
        method = package.method(module, name, "__init__")
        if method:
            release.calls[f"{name}.__init__"] = parameters(method[1])
    return release


def read_trl(package: Package) -> Release:
    """Return the facts of one release of trl; what is experimental has its module's name."""
    release = Release({name for name in package.names("trl") if not name.startswith("_")})
    release.exports.update(_experimental(package))
    for dotted in sorted(release.exports):
        path, _, name = dotted.rpartition(".")
        module = f"trl.{path}" if path else "trl"
        found = package.class_named(module, name)
        if found is None:
            continue
        fields = package.fields(*found)
        if fields is not None and name.endswith(("Config", "Arguments")):
            release.fields[dotted] = fields
            release.extends[dotted] = sorted(package.outside_bases(*found) & {"TrainingArguments"})
        method = package.method(module, name, "__init__")
        if method and fields is None and name.endswith(("Trainer", "Config")):
            release.calls[f"{dotted}.__init__"] = parameters(method[1])
    return release


def _experimental(package: Package) -> Iterator[str]:
    """Yield what `trl.experimental.x` offers, as `experimental.x.Name`."""
    for name, module in package.modules.items():
        parts = name.split(".")
        if parts[:2] == ["trl", "experimental"] and len(parts) == 3 and module.is_package:
            public = [n for n in package.names(name) if not n.startswith("_")]
            for offered in module.offered or public:
                yield f"experimental.{parts[2]}.{offered}"


def tables(found: Mapping[str, Release]) -> dict[str, dict[str, Any]]:
    """Return table -> rows, from release -> its facts."""
    names = sorted({name for facts in found.values() for name in facts.fields})
    configs = {}
    for name in names:
        per_release = {r: facts.fields.get(name, {}) for r, facts in found.items()}
        extends = {r: f.extends[name] for r, f in found.items() if name in f.extends}
        configs[name] = {
            "in": timelines.span([*found], [name in f.fields for f in found.values()]),
            "extends": timelines.history(extends),
            "fields": timelines.field_rows(per_release),
        }
    calls = {release: facts.calls for release, facts in found.items()}
    return {
        "exports": timelines.by_span({r: facts.exports for r, facts in found.items()}),
        "configs": configs,
        "calls": timelines.histories(calls, "parameters"),
    }


def parted(tables: Mapping[str, dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the rows of what is stable, and of what is experimental and seldom asked for."""
    kinds = [
        {
            key: {name: row for name, row in rows.items() if is_experimental(name) is wanted}
            for key, rows in tables.items()
        }
        for wanted in (False, True)
    ]
    return kinds[0], kinds[1]


def is_experimental(name: str) -> bool:
    """Return whether a name is one of `trl.experimental`."""
    return name.startswith("experimental.")


def _structured(package: Package) -> Iterator[str]:
    """Yield the names that `_import_structure` lists by hand."""
    for node in package.modules["transformers"].statements:
        text = ast.unparse(node).partition("\n")[0]
        if text.startswith("_import_structure"):
            yield from _strings(node)


def _strings(node: ast.AST) -> Iterator[str]:
    """Yield the elements of the lists in a statement, and what it appends."""
    for inner in ast.walk(node):
        elements = inner.elts if isinstance(inner, ast.List) else ()
        if isinstance(inner, ast.Call) and ast.unparse(inner.func).endswith(".append"):
            elements = inner.args
        for element in elements:
            if isinstance(element, ast.Constant) and isinstance(element.value, str):
                yield element.value


def _listed(package: Package) -> Iterator[str]:
    """Yield the names in `__all__` of the modules from which the lazy import collects them."""
    if "define_import_structure" not in package.modules["transformers"].text:
        return
    for name, module in package.modules.items():
        if name.startswith("transformers.models."):
            for match in re.finditer(r"(?ms)^__all__ \+?= (\[.*?\])", module.text):
                yield from _strings(ast.parse(match[1]))
