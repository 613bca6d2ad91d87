"""The module-level dictionaries of peft that name the default target modules of each family."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from tools.extract.source import Package

_Table = dict[str, list[str]]


def mappings(package: Package) -> Mapping[str, _Table]:
    """Return mapping name -> model type -> module names."""
    found: dict[str, _Table] = {}
    for module in package.modules.values():
        if "_MODULES_MAPPING" not in module.text:
            continue
        for node in module.statements:
            if isinstance(node, ast.Assign):
                _assign(node.targets[0], node.value, found)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                function = node.value.func
                if isinstance(function, ast.Attribute) and function.attr == "update":
                    table, more = _value(function.value, found), _value(node.value.args[0], found)
                    if table is not None and more is not None:
                        table.update(more)
    return found


def _assign(target: ast.expr, value: ast.expr, found: dict[str, _Table]) -> None:
    if isinstance(target, ast.Name) and target.id.endswith("_MODULES_MAPPING"):
        table = _value(value, found)
        if table is not None:
            found[target.id] = table
    elif isinstance(target, ast.Subscript):
        table = _value(target.value, found)
        if table is not None:
            table[ast.literal_eval(target.slice)] = ast.literal_eval(value)


def _value(node: ast.expr, found: Mapping[str, _Table]) -> _Table | None:
    """Return the table that an expression means; a name and its copy are told apart."""
    if isinstance(node, ast.Name):
        return found.get(node.id)
    if isinstance(node, ast.Dict):
        table: _Table = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                table |= _value(value, found) or {}
            else:
                table[ast.literal_eval(key)] = ast.literal_eval(value)
        return table
    copied = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    if copied and node.func.attr == "copy":
        original = _value(node.func.value, found)
        return None if original is None else dict(original)
    return None
