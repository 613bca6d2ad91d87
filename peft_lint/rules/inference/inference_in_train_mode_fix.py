"""How PEF201 is fixed: eval mode before the model is used."""

from __future__ import annotations

from peft_lint.events import Inference
from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.rules.inference.inference_in_train_mode import Candidate
    from peft_lint.syntax.rewriting import Rewriting


def proposals(candidate: Candidate, trained_later: bool) -> tuple[Proposal, ...]:
    """Return the fix; none where the code that spells the model may run in training as well."""
    event = candidate.event
    if candidate.asked.node is not event.node:
        return ()
    title = "Put the model into eval mode before it is used"
    safety = Applicability.UNSAFE if trained_later else Applicability.SAFE
    return (Proposal(title, safety, SwitchToEval(event), (event.node,)),)


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
