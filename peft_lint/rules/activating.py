"""The fix that rules on inactive adapters share: `set_adapter` after the call that names one."""

from __future__ import annotations

from peft_lint.lean import TYPE_CHECKING
from peft_lint.names import method_of

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
        method = method_of(call)
        model = rewriting.reference(method.value if method is not None else None)
        rewriting.insert_after(call, f"{model}.set_adapter({self._name})")
