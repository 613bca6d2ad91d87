"""How a call, or the call that leads to it, spells an object, and whether that stays the same."""

from __future__ import annotations

import ast

from peft_lint.names import last_name
from peft_lint.scene import Place, Scene

Variable = ast.Name | ast.Attribute
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def spelled_at(node: ast.expr | None, places: tuple[Place, ...], level: int) -> Variable | None:
    """Return what an argument of an event's call is called as one function sees it.

    `level` is the function's index in the event's places. None where it is not the very value
    of one variable, or of one attribute that no function in between assigns.
    """
    for inner, outer in zip(places[:level:-1], places[-2::-1], strict=False):
        if isinstance(node, ast.Attribute):
            if node.attr in stored(inner.function):
                return None
        elif isinstance(node, ast.Name):
            parameters = _parameters(inner.function)
            if node.id in parameters:
                node = _argument(outer.node, node.id, parameters)
            elif node.id in stored(inner.function):
                return None
        else:
            return None
    return node if isinstance(node, (ast.Name, ast.Attribute)) else None


def is_steady(base: ast.expr | None, scene: Scene) -> bool:
    """Return whether no function elsewhere may give the name of an object another value."""
    name, nodes = last_name(base), scene.document.nodes
    declared = (one.names for one in nodes if isinstance(one, (ast.Global, ast.Nonlocal)))
    assigned = [one for one in nodes if isinstance(one, ast.Attribute) and one.attr == name]
    return not any(name in names for names in declared) and (
        sum(isinstance(one.ctx, ast.Store) for one in assigned) < 2
    )


def stored(scope: ast.AST | None, start: int = 0, end: int | None = None) -> set[str]:
    """Return the names and attributes that code binds, between two lines if these are given."""
    return {
        last_name(node)
        for node in (ast.walk(scope) if scope is not None else ())
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store)
        if start <= node.lineno and (end is None or node.lineno < end)
    }


def line_of(node: ast.AST, scene: Scene) -> int:
    """Return the line on which the statement around a node begins, 0 if the text has none."""
    from peft_lint.locations import locate

    try:
        return locate(scene.document.tree, node).statement.lineno
    except LookupError:
        return 0


def _parameters(function: ast.AST | None) -> list[str]:
    if not isinstance(function, _FUNCTIONS):
        return []
    arguments = function.args
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _argument(call: ast.AST, name: str, parameters: list[str]) -> ast.expr | None:
    """Return what a call gives for a parameter; its method's first one is the receiver."""
    if not isinstance(call, ast.Call) or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    named = (word.value for word in call.keywords if word.arg == name)
    is_method = isinstance(call.func, ast.Attribute) and parameters[:1] == ["self"]
    index = parameters.index(name) - is_method
    given = call.args[index] if 0 <= index < len(call.args) else None
    return next(named, given)
