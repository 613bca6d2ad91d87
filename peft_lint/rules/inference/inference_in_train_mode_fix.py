"""How PEF201 is fixed: eval mode before the model is used."""

from __future__ import annotations

from peft_lint.events import Inference
from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class SwitchToEval:
    """Insert `model.eval()` before the statement that uses the model."""

    def __init__(self, event: Inference) -> None:
        self._event = event

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line, where the call spells its model as a plain name or attribute."""
        model = rewriting.reference(self._event.receiver)
        if self._event.how == "pipeline":
            model += ".model"
        rewriting.insert_before(self._event.node, f"{model}.eval()")
