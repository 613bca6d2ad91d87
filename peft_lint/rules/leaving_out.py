"""What the fixes of PEF107, PEF419, PEF422 and PEF505 share: a call goes, and its model stays."""

from __future__ import annotations

import ast

from peft_lint.lean import TYPE_CHECKING
from peft_lint.locations import locate
from peft_lint.suspicion import NoFix

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class LeaveOut:
    """Write for a call the model that it is given."""

    def __init__(self, model: ast.expr) -> None:
        self._model = model

    def leave_Call(
        self, original: cst.Call, updated: cst.Call, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Return the model, or take the statement away."""
        if vanishes(self._model, rewriting):
            return original
        import libcst as cst

        method = getattr(rewriting.target, "func", None)
        if (
            isinstance(updated.func, cst.Attribute)
            and getattr(method, "value", None) is self._model
        ):
            # What the method is called on, as it is laid out.
            return updated.func.value
        return rewriting.expression(rewriting.source(self._model))


def vanishes(model: ast.expr, rewriting: Rewriting) -> bool:
    """Take the target's statement away if it says nothing with `model` in the target's place.

    That is where the target is all of it, and where `model` would get the name that it has.
    """
    statement = locate(rewriting.document.tree, rewriting.target).statement
    if getattr(statement, "value", None) is not rewriting.target:
        return False
    name = rewriting.source(model)
    bound = [rewriting.source(one) for one in getattr(statement, "targets", ())]
    alone = isinstance(statement, ast.Expr) and isinstance(model, ast.Name | ast.Attribute)
    if alone or bound == [name]:
        rewriting.remove(statement)
        return True
    if name in bound:
        raise NoFix("a name would be bound to itself")
    return False
