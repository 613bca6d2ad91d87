"""The fix that PEF503 and PEF511 share: the same save, of another form of the model."""

from __future__ import annotations

from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import NoFix

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class SaveInstead:
    """Rewrite `base.save_pretrained(…)` as the same call on something else."""

    def __init__(self, receiver: str) -> None:
        self._receiver = receiver

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Change what the method is called on; the arguments stay."""
        import libcst as cst

        if not isinstance(updated.func, cst.Attribute):
            raise NoFix("the call does not spell its model")
        receiver = rewriting.expression(self._receiver)
        return updated.with_changes(func=updated.func.with_changes(value=receiver))
