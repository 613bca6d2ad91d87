"""How PEF107 is fixed: the model that has the adapter merged in is used as it is."""

from __future__ import annotations

import ast

from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.rules.leaving_out import vanishes
from peft_lint.rules.rewrapping_fix import ReplaceBase
from peft_lint.suspicion import NoFix, Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.rules.loading.adapter_applied_twice import Again
    from peft_lint.syntax.rewriting import Rewriting


def proposals(again: Again, first: ast.expr | None) -> tuple[Proposal, ...]:
    """Return both ways: one model with the adapter, or two; `first` is the base of the merge."""
    title = "Use the model that has the adapter merged in"
    use = Proposal(title, Applicability.UNSAFE, UseMerged(again.base), (again.node,))
    if not isinstance(first, (ast.Name, ast.Attribute)) or again.first is again.node:
        return (use,)
    title = "Merge the adapter into a copy of the base model"
    return use, Proposal(title, Applicability.UNSAFE, ReplaceBase(first), (again.first,))


class UseMerged:
    """Rewrite `PeftModel.from_pretrained(base, ID)` as `base`, where nothing is called on it."""

    def __init__(self, base: ast.expr | None) -> None:
        self._base = base

    def leave_Call(
        self, original: cst.Call, updated: cst.Call, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Return the base; a statement that would bind it to its own name goes."""
        from peft_lint.locations import locate

        statement = locate(rewriting.document.tree, rewriting.target).statement
        value = getattr(statement, "value", None)
        if self._base is None or value is not rewriting.target:
            raise NoFix("what follows may need a PeftModel")
        if vanishes(self._base, rewriting):
            return original
        return rewriting.expression(rewriting.copy(self._base, rewriting.target))
