"""Visitors that rules share: statements taken away, and a result that gets a name."""

from __future__ import annotations

import ast

from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import NoFix

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class Remove:
    """Take simple statements away, one of which is the target or around it."""

    def __init__(self, *statements: ast.stmt) -> None:
        self._statements = statements

    def visit_Call(self, node: cst.CSTNode, rewriting: Rewriting) -> None:
        """Remove them; an import that nothing uses any more stays."""
        rewriting.remove(*self._statements)

    visit_Assign = visit_Call


class Bind:
    """Bind what the target, an expression statement, computes to a name or an attribute."""

    def __init__(self, name: str) -> None:
        self._name = name

    def leave_Expr(self, original: cst.Expr, updated: cst.Expr, rewriting: Rewriting) -> cst.Assign:
        """Return the assignment."""
        import libcst as cst

        target = rewriting.expression(self._name)
        if not isinstance(target, (cst.Name, cst.Attribute)):
            raise NoFix("nothing that can be bound")
        return cst.Assign([cst.AssignTarget(target)], updated.value)
