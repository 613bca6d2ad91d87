"""The fix that rules on inactive adapters share: `set_adapter` after the call that names one."""

from __future__ import annotations

import ast

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class Activate:
    """Insert `model.set_adapter(name)` after a call of a method of the model; `name` is code."""

    def __init__(self, name: str) -> None:
        self._name = name

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line, where the call spells its model as a plain name or attribute."""
        call = rewriting.target
        function = call.func if isinstance(call, ast.Call) else None
        receiver = function.value if isinstance(function, ast.Attribute) else None
        model = rewriting.reference(receiver)
        rewriting.insert_after(call, f"{model}.set_adapter({self._name})")
