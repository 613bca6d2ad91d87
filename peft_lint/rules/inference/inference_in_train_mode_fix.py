"""How PEF201 is fixed: eval mode before the model is used, and train mode behind it."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.events import Inference
from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.locations import locate
from peft_lint.suspicion import Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.rules.inference.inference_in_train_mode import Candidate
    from peft_lint.syntax.rewriting import Rewriting


def proposals(
    candidate: Candidate, document: Document, *, by_hand: bool | None, alone: bool
) -> tuple[Proposal, ...]:
    """Return eval mode before it, and train mode again behind it where steps by hand go on.

    None where the code that spells the model may run in training as well.

    `by_hand` is None where no training follows. `alone` is whether the function has no other
    such inference: what answers behind `train()` would be in train mode as if on purpose.
    """
    event, body = candidate.event, candidate.body
    if candidate.asked.node is not event.node:
        return ()
    restores = False
    title = "Put the model into eval mode before it is used"
    if by_hand:
        adapters = body.adapters
        # What `train()` says is then what was so before.
        whole = body.training and adapters is not None and all(one.training for one in adapters)
        statement = locate(document.tree, event.node).statement
        restores = bool(whole) and alone and isinstance(statement, ast.Expr | ast.Assign)
        title = "Put the model into eval mode; training that follows needs train() again"
        if restores:
            title = "Put the model into eval mode while it is used, and back into train mode"
    safety = Applicability.SAFE if by_hand is None else Applicability.UNSAFE
    return (Proposal(title, safety, SwitchToEval(event, restores), (event.node,)),)


class SwitchToEval:
    """Insert `model.eval()` before the statement that uses the model, `model.train()` behind."""

    def __init__(self, event: Inference, restores: bool) -> None:
        self._event = event
        self._restores = restores

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the lines, where the call spells its model as a plain name or attribute."""
        model = rewriting.reference(self._event.receiver)
        if self._event.how == "pipeline":
            model += ".model"
        rewriting.insert_before(self._event.node, f"{model}.eval()")
        if self._restores:
            rewriting.insert_after(self._event.node, f"{model}.train()")
