"""What a parsed definition says of itself: fields of a dataclass, parameters, listed values."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One field of a dataclass; `default` is source text, None where the field is required."""

    annotation: str
    default: str | None
    init: bool


def parameters(node: ast.FunctionDef) -> list[str]:
    """Return the parameters of a function as written, without types: `name`, `name=default`."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    gap = [None] * (len(positional) - len(arguments.defaults))
    pairs = zip(positional, [*gap, *arguments.defaults], strict=True)
    found = [_parameter(a, default) for a, default in pairs]
    if arguments.vararg:
        found.append(f"*{arguments.vararg.arg}")
    elif arguments.kwonlyargs:
        found.append("*")
    by_name = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    found += [_parameter(a, default) for a, default in by_name]
    return [*found, f"**{arguments.kwarg.arg}"] if arguments.kwarg else found


def choices(annotation: str) -> list[object]:
    """Return the values that the `Literal`s of an annotation allow, in their order."""
    found: dict[object, None] = {}
    for node in ast.walk(ast.parse(annotation, mode="eval")):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Literal"):
            elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            found |= dict.fromkeys(e.value for e in elements if isinstance(e, ast.Constant))
    return list(found)


def is_dataclass(node: ast.ClassDef) -> bool:
    """Return whether a class is decorated as a dataclass."""
    decorators = (d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)
    return any(ast.unparse(d).rpartition(".")[2] == "dataclass" for d in decorators)


def own_fields(node: ast.ClassDef) -> dict[str, Field]:
    """Return the fields that a dataclass itself declares."""
    found = {}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            annotation = statement.annotation
            text = ast.unparse(annotation)
            if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
                text = ast.unparse(ast.parse(annotation.value))
            if not text.removeprefix("typing.").startswith("ClassVar"):
                default, init = _default(statement.value)
                found[statement.target.id] = Field(text, default, init)
    return found


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    return argument.arg if default is None else f"{argument.arg}={ast.unparse(default)}"


def _default(value: ast.expr | None) -> tuple[str | None, bool]:
    """Return the default of a field as source text, and whether `__init__` takes the field."""
    if not (isinstance(value, ast.Call) and ast.unparse(value.func).endswith("field")):
        return (None if value is None else ast.unparse(value)), True
    given = {keyword.arg: keyword.value for keyword in value.keywords}
    init = "init" not in given or ast.unparse(given["init"]) != "False"
    if "default" in given:
        return ast.unparse(given["default"]), init
    factory = given.get("default_factory")
    if isinstance(factory, ast.Lambda):
        return ast.unparse(factory.body), init
    return (None if factory is None else f"{ast.unparse(factory)}()"), init
