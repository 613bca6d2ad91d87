"""The fix of PEF509: `unfuse_lora` comes before the adapter is unloaded."""

from __future__ import annotations

import ast

from peft_lint.lean import TYPE_CHECKING
from peft_lint.names import method_of
from peft_lint.suspicion import NoFix

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class TakeOutFirst:
    """Insert `pipe.unfuse_lora()` before the unload; `late` is such a statement, which goes."""

    def __init__(self, late: ast.stmt | None) -> None:
        self._late = late

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line, where the call spells its pipeline as a name or an attribute."""
        unload = rewriting.target
        method = method_of(unload)
        if method is None:
            raise NoFix("the pipeline has no name here")
        rewriting.insert_before(unload, f"{rewriting.source(method.value)}.unfuse_lora()")
        if self._late is not None:
            rewriting.remove(self._late)
