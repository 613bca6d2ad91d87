"""The second fix of PEF511: the config of the full model is not saved beside the adapter."""

from __future__ import annotations

import ast

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class LeaveConfigOut:
    """Remove the statement `model.config.save_pretrained(…)`."""

    def __init__(self, statement: ast.stmt) -> None:
        self._statement = statement

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Remove it."""
        rewriting.remove(self._statement)
