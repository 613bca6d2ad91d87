"""The fix of PEF419: a model is not prepared for k-bit training."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.events import Prepared
from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.locations import locate
from peft_lint.suspicion import Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


def proposals(event: Prepared, document: Document) -> tuple[Proposal, ...]:
    """Propose to leave the call out, and its statement where that does nothing else."""
    if event.model_node is None:
        return ()
    statement = locate(document.tree, event.node).statement
    whole = isinstance(statement, ast.Expr) and statement.value is event.node
    if isinstance(statement, ast.Assign) and statement.value is event.node:
        targets = [ast.unparse(one) for one in statement.targets]
        whole = targets == [ast.unparse(event.model_node)]
    fix = LeaveOut(event.model_node, statement if whole else None)
    return (Proposal("Leave the call out", Applicability.UNSAFE, fix, (event.node,)),)


class LeaveOut:
    """Write the model for the call; `statement`, if given, does nothing else and goes."""

    def __init__(self, model: ast.expr, statement: ast.stmt | None) -> None:
        self._model, self._statement = model, statement

    def leave_Call(
        self, original: cst.Call, updated: cst.Call, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Return what is prepared, or take the statement away."""
        if self._statement is None:
            return rewriting.expression(rewriting.source(self._model))
        rewriting.remove(self._statement)
        return original
