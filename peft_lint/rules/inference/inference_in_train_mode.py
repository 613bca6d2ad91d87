"""PEF201: a model answers while dropout that acts on it is in train mode."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from peft_lint.events import Inference, Trained
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Node, Steps, Weights
from peft_lint.scene import Scene
from peft_lint.suspicion import NoFix, Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


@dataclass(slots=True)
class Candidate:
    """An inference with live dropout, until training beside it explains the mode."""

    event: Inference
    severity: Severity
    body: ast.AST
    function: ast.AST | None
    loop: ast.AST | None
    steps: Steps
    trained_later: bool = False
    in_training_step: bool = False


class Rule:
    """Collects inferences on bodies with live dropout, and the training around them."""

    def __init__(self) -> None:
        self._candidates: dict[Node, Candidate] = {}

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """Suspect an inference on a path where dropout acts."""
        body = scene.body(event)
        severity = _severity(body)
        if severity is None or event.receiver is None or event.node in self._candidates:
            return
        if _on_purpose(body, scene):
            return
        self._candidates[event.node] = Candidate(
            event, severity, body.node, scene.function, scene.loop, body.steps
        )

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Note training that follows an inference, and training steps around one."""
        body = scene.body(event)
        for candidate in self._candidates.values():
            if candidate.body is not body.node:
                continue
            candidate.trained_later |= candidate.function is scene.function
            if event.how == "backward" and _same_step(candidate, event, scene):
                candidate.in_training_step = True

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the first such inference of each cause and function."""
        causes = set()
        for candidate in sorted(self._candidates.values(), key=_position):
            last = candidate.steps[-1][0] if candidate.steps else candidate.body
            cause = (candidate.body, last, candidate.function)
            if candidate.in_training_step or cause in causes:
                continue
            causes.add(cause)
            yield _suspicion(candidate)


def _severity(body: Body) -> Severity | None:
    """Return how sure it is that dropout acts: warning, info, or None for silence."""
    sources = [(body.training, body.dropout)]
    if body.enabled and body.adapters is not None and body.active is not None:
        sources += [
            (one.training, one.dropout)
            for one in body.active_adapters()
            # A fresh B is zero, and a merged adapter has no path of its own: no effect.
            if one.merged is False and one.weights is not Weights.ZERO
        ]
    live = [dropout for training, dropout in sources if training]
    if True in live:
        return Severity.WARNING
    return Severity.INFO if None in live else None


def _on_purpose(body: Body, scene: Scene) -> bool:
    """Return whether `.train()` was called for this inference: Monte-Carlo dropout."""
    call = body.mode_call
    function = scene.function or scene.document.tree
    return call is not None and any(call is node for node in ast.walk(function))


def _same_step(candidate: Candidate, event: Trained, scene: Scene) -> bool:
    """Return whether inference and `backward` are parts of one training step."""
    if candidate.function is not scene.function:
        return False
    if candidate.loop is scene.loop:
        return candidate.loop is not None or candidate.function is not None
    # Rollouts: the answers of this round are what an inner loop then learns from.
    inside = candidate.loop is not None and candidate.loop in scene.context.loops
    return inside and event.node.lineno > candidate.event.node.lineno


def _position(candidate: Candidate) -> tuple[int, int]:
    node = candidate.event.node
    return node.lineno, node.col_offset


def _suspicion(candidate: Candidate) -> Suspicion:
    event = candidate.event
    what = "generates" if event.how == "generate" else "answers"
    known = candidate.severity is Severity.WARNING
    message = f"the model {what} in train mode, with dropout switched on"
    if not known:
        message = f"the model {what} in train mode; any dropout it has is switched on"
    words = "generation happens here" if event.how == "generate" else "inference happens here"
    applicability = Applicability.UNSAFE if candidate.trained_later else Applicability.SAFE
    return Suspicion(
        code="PEF201",
        severity=candidate.severity,
        message=message,
        anchor=event.node,
        story=(*candidate.steps[-3:], (event.node, words)),
        cause=candidate.body,
        proposals=(
            Proposal(
                "Put the model into eval mode before it is used",
                applicability,
                SwitchToEval(event),
                (event.node,),
            ),
        ),
    )


class SwitchToEval:
    """Insert `model.eval()` before the statement that uses the model."""

    def __init__(self, event: Inference) -> None:
        self._event = event

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line, where the call spells its model as a plain name or attribute."""
        receiver = self._event.receiver
        inner = receiver
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if receiver is None or not isinstance(inner, ast.Name):
            raise NoFix("the model has no name here")
        model = rewriting.source(receiver)
        if self._event.how == "pipeline":
            model += ".model"
        rewriting.insert_before(self._event.node, f"{model}.eval()")
