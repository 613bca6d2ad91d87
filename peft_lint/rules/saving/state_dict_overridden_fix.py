"""How PEF504 is fixed: the assignment goes, with what only it needs."""

from __future__ import annotations

import ast

from peft_lint.syntax.statements import Remove


def delete(statement: ast.stmt, function: ast.AST, tree: ast.Module) -> Remove:
    """Return the visitor that takes the assignment of a function away."""
    helper = _helper(function, tree)
    return Remove(statement) if helper is None else Remove(helper, statement)


def _helper(function: ast.AST, tree: ast.Module) -> ast.stmt | None:
    """Return the statement that keeps the old method, if only an assigned lambda needs it."""
    inside = set(ast.walk(function))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    for one in ast.walk(tree) if isinstance(function, ast.Lambda) else ():
        match one:
            case ast.Assign(targets=[ast.Name() as kept], value=ast.Attribute(attr="state_dict")):
                same = {node for node in names if node.id == kept.id}
                if same & inside and same <= inside | {kept}:
                    return one
    return None
