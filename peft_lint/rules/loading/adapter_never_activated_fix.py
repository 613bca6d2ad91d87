"""How PEF105 is fixed: the adapter is activated before the model answers."""

from __future__ import annotations

import ast

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.rules.loading.adapter_never_activated import Candidate
    from peft_lint.syntax.rewriting import Rewriting


class Activate:
    """Insert `model.set_adapter(name)` after the call."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line, where the call spells its model as a plain name or attribute."""
        call, name = self._candidate.node, self._candidate.adapter.name
        model = rewriting.reference(
            call.func.value if isinstance(call.func, ast.Attribute) else None
        )
        spelled = [part for part in ast.walk(call) if isinstance(part, ast.Constant)]
        texts = [rewriting.source(part) for part in spelled if part.value == name]
        argument = texts[-1] if texts else repr(name)
        rewriting.insert_after(call, f"{model}.set_adapter({argument})")
