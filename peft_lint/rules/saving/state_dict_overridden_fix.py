"""How PEF504 is fixed: the assignment goes, with what only it needs."""

from __future__ import annotations

import ast

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


def helper(function: ast.AST, tree: ast.Module) -> ast.stmt | None:
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


class Delete:
    """Take the assignment away, with what only it needs."""

    def __init__(self, statement: ast.stmt, helper: ast.stmt | None) -> None:
        self._statements = [one for one in (helper, statement) if one is not None]

    def visit_Assign(self, node: cst.Assign, rewriting: Rewriting) -> None:
        """Remove both statements; an import that nothing uses any more stays."""
        rewriting.remove(*self._statements)
