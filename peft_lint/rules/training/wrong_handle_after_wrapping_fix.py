"""How PEF411 is fixed where the wrapped model got lost: its name is kept."""

from __future__ import annotations

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class KeepResult:
    """Rewrite `get_peft_model(base, config)` as `base = get_peft_model(base, config)`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def leave_Expr(self, original: cst.Expr, updated: cst.Expr, rewriting: Rewriting) -> cst.Assign:
        """Assign the value."""
        import libcst as cst

        target = cst.AssignTarget(cst.Name(self._name))
        return cst.Assign([target], updated.value)
