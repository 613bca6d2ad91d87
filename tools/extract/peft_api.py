"""What each release of peft offers: configs, enums, names, calls and default target modules."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tools.extract import timelines
from tools.extract.definitions import Field, parameters
from tools.extract.keywords import keywords
from tools.extract.mappings import mappings
from tools.extract.source import Package

# The modules whose functions users call; of other modules they call what `peft` exports.
_PUBLIC = ("peft", "peft.utils", "peft.helpers", "peft.optimizers", "peft.functional")


@dataclass(frozen=True)
class Release:
    """The facts of one release, each under the name that users know it by."""

    configs: Mapping[str, tuple[str, dict[str, Field]]]
    enums: Mapping[str, list[str]]
    modules: set[str]
    imports: Mapping[tuple[str, str], tuple[str, str]]
    calls: Mapping[str, list[str]]
    bases: Mapping[str, list[str]]
    keywords: Mapping[str, list[str]]
    targets: Mapping[str, Mapping[str, list[str]]]


def read(package: Package) -> Release:
    """Return the facts of one release."""
    configs, enums = {}, {}
    for module in package.modules.values():
        for node in module.statements:
            if isinstance(node, ast.ClassDef):
                if any(ast.unparse(base).endswith("Enum") for base in node.bases):
                    enums[node.name] = _members(node)
                elif node.name.endswith(("Config", "ConfigMixin")):
                    fields = package.fields(module.name, node)
                    if fields is not None:
                        configs[node.name] = (module.name, fields)
    imports = {}
    for module_name in package.modules:
        for name in package.names(module_name):
            origin = package.origin(module_name, name)
            if origin:
                imports[module_name, name] = (origin.module, origin.name)
    calls, bases = _calls(package)
    return Release(
        configs,
        enums,
        set(package.modules),
        imports,
        calls,
        bases,
        keywords(package),
        mappings(package),
    )


def _members(node: ast.ClassDef) -> list[str]:
    assigns = [s for s in node.body if isinstance(s, ast.Assign)]
    return [ast.unparse(assign.targets[0]) for assign in assigns]


def _calls(package: Package) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the parameters of functions and methods, and class -> its bases in peft."""
    calls, bases = {}, {}
    classes = []
    for module in _PUBLIC:
        for name in package.names(module):
            origin = package.origin(module, name)
            if origin is None or name.startswith("_"):
                continue
            if isinstance(origin.node, ast.FunctionDef) and origin.node.name == name:
                calls[name] = parameters(origin.node)
            elif isinstance(origin.node, ast.ClassDef):
                classes.append((origin.module, origin.node))
    while classes:
        module, node = classes.pop()
        if node.name in bases:
            continue
        above = [*package.bases(module, node)]
        bases[node.name] = [base.name for _, base in above]
        classes += above
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and _is_called(method):
                calls[f"{node.name}.{method.name}"] = parameters(method)
    return calls, bases


def _is_called(method: ast.FunctionDef) -> bool:
    """Return whether users call a method by name: no property, no hook of torch."""
    decorators = {ast.unparse(d).rpartition(".")[2] for d in method.decorator_list}
    public = not method.name.startswith("_") and method.name != "forward"
    return (public or method.name == "__init__") and not decorators & {"property", "setter"}


def tables(found: Mapping[str, Release]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return file name -> table -> rows, from release -> its facts."""
    newest = found[next(reversed(found))]
    exports = {r: [n for m, n in facts.imports if m == "peft"] for r, facts in found.items()}
    exports = {r: [n for n in names if not n.startswith("_")] for r, names in exports.items()}
    return {
        "peft_configs": {"configs": _config_rows(found), "enums": _enum_rows(found)},
        "peft_names": {
            "exports": timelines.by_span(exports),
            "modules": timelines.by_span({r: facts.modules for r, facts in found.items()}),
            "imports": _import_rows(found),
            "homes": _homes(found, newest),
        },
        "peft_calls": {
            "calls": timelines.histories(
                {r: facts.calls for r, facts in found.items()}, "parameters"
            ),
            "bases": timelines.histories({r: facts.bases for r, facts in found.items()}, "bases"),
            "keywords": timelines.histories({r: f.keywords for r, f in found.items()}, "reads"),
        },
        "peft_targets": _target_rows(found),
    }


def _config_rows(found: Mapping[str, Release]) -> dict[str, Any]:
    rows = {}
    for name, when in timelines.spans({r: facts.configs for r, facts in found.items()}).items():
        per_release = {r: f.configs[name] for r, f in found.items() if name in f.configs}
        # A release without the class stays in, so that the end of a field shows.
        present = {r: f.configs[name][1] if name in f.configs else {} for r, f in found.items()}
        module = next(reversed(per_release.values()))[0]
        rows[name] = {"in": when, "module": module, "fields": timelines.field_rows(present)}
    return rows


def _enum_rows(found: Mapping[str, Release]) -> dict[str, Any]:
    names = sorted({name for facts in found.values() for name in facts.enums})
    return {
        name: timelines.by_span({r: facts.enums.get(name, []) for r, facts in found.items()})
        for name in names
    }


def _import_rows(found: Mapping[str, Release]) -> dict[str, Any]:
    modules = sorted({module for facts in found.values() for module in facts.modules})
    rows = {}
    for module in modules:
        names = {r: [n for m, n in f.imports if m == module] for r, f in found.items()}
        rows[module] = timelines.by_span(names)
    return {module: row for module, row in rows.items() if row}


def _homes(found: Mapping[str, Release], newest: Release) -> dict[str, Any]:
    """Return module -> name -> module to import it from now, for what the newest lacks.

    The home is that of the same definition: where several modules define the name today and
    none of them is the old place, there is no home.
    """
    last: dict[tuple[str, str], tuple[str, str]] = {}
    for facts in found.values():
        last |= facts.imports
    defined: dict[str, set[str]] = {}
    for module, name in newest.imports.values():
        defined.setdefault(name, set()).add(module)
    homes: dict[str, dict[str, str]] = {}
    for (module, name), (origin, own) in sorted(last.items()):
        if (module, name) in newest.imports or own != name:
            continue
        places = defined.get(name, set())
        place = origin if origin in places else min(places) if len(places) == 1 else None
        if place:
            homes.setdefault(module, {})[name] = _shortest(newest, place, name)
    return homes


def _shortest(newest: Release, place: str, name: str) -> str:
    """Return the outermost package around `place` that offers its `name`, else `place`."""
    parts = place.split(".")
    around = (".".join(parts[:length]) for length in range(1, len(parts)))
    return next((m for m in around if newest.imports.get((m, name)) == (place, name)), place)


def _target_rows(found: Mapping[str, Release]) -> dict[str, dict[str, Any]]:
    names: Iterable[str] = sorted({name for facts in found.values() for name in facts.targets})
    return {
        name: timelines.histories(
            {r: facts.targets.get(name, {}) for r, facts in found.items()}, "modules"
        )
        for name in names
    }
