"""How PEF411 is fixed: the PEFT model is used instead of its base."""

from __future__ import annotations

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class GiveInstead:
    """Write another expression as the trainer's model."""

    def __init__(self, name: str) -> None:
        self._name = name

    def leave_Name(
        self, original: cst.CSTNode, updated: cst.CSTNode, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Replace the argument."""
        return rewriting.expression(self._name)

    leave_Attribute = leave_Call = leave_Name


class KeepResult:
    """Rewrite `get_peft_model(base, config)` as `base = get_peft_model(base, config)`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def leave_Expr(self, original: cst.Expr, updated: cst.Expr, rewriting: Rewriting) -> cst.Assign:
        """Assign the value."""
        import libcst as cst

        target = cst.AssignTarget(cst.Name(self._name))
        return cst.Assign([target], updated.value)
