"""PEF201: a model answers while dropout that acts on it is in train mode."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Inference, Trained
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Body, Node, Steps, Weights
from peft_lint.lean import Record
from peft_lint.scene import Place, Scene
from peft_lint.suspicion import Proposal, Suspicion


class Candidate(Record):
    """An inference with live dropout, until training beside it explains the mode."""

    event: Inference
    severity: Severity
    body: ast.AST
    places: tuple[Place, ...]
    steps: Steps

    @property
    def function(self) -> ast.AST | None:
        """The function that spells the inference, None for the module."""
        return self.places[-1].function


class Rule:
    """Collects inferences on bodies with live dropout, and the training around them."""

    def __init__(self) -> None:
        self._candidates: dict[Node, Candidate] = {}
        self._trained_later: set[Node] = set()
        self._in_training_step: set[Node] = set()
        # Functions that were given away before training: who has them called them then.
        self._given_before: set[ast.AST] = set()

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """Suspect an inference on a path where dropout acts."""
        body = scene.body(event)
        severity = _severity(body)
        if severity is None or event.receiver is None or event.node in self._candidates:
            return
        if _on_purpose(body, scene) or scene.context.entry in self._given_before:
            return
        self._candidates[event.node] = Candidate(
            event, severity, body.node, scene.places(event), body.steps
        )

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Note training that follows an inference, and training steps around one."""
        body = scene.body(event)
        self._given_before |= scene.machine.handed
        for candidate in self._candidates.values():
            if candidate.body is not body.node:
                continue
            by_hand = event.how == "backward"
            # A trainer puts the model back into train mode by itself, wherever it is called.
            if by_hand or candidate.function is scene.function:
                self._trained_later.add(candidate.event.node)
            if by_hand and _same_step(candidate, scene.places(event)):
                self._in_training_step.add(candidate.event.node)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the first such inference of each cause and function."""
        causes = set()
        for candidate in sorted(self._candidates.values(), key=lambda one: _end(one.event.node)):
            last = candidate.steps[-1][0] if candidate.steps else candidate.body
            cause = (candidate.body, last, candidate.function)
            if candidate.event.node in self._in_training_step or cause in causes:
                continue
            causes.add(cause)
            yield _suspicion(candidate, candidate.event.node in self._trained_later)


def _severity(body: Body) -> Severity | None:
    """Return how sure it is that dropout acts: warning, info, or None for silence."""
    sources = [(body.training, body.dropout)]
    if body.enabled and body.adapters is not None and body.active is not None:
        sources += [
            (one.training, one.dropout)
            for one in body.active_adapters()
            if one.merged is False and not _without_effect(one)
        ]
    live = [dropout for training, dropout in sources if training]
    if True in live:
        return Severity.WARNING
    return Severity.INFO if None in live else None


def _without_effect(adapter: Adapter) -> bool:
    """Return whether an adapter is fresh and its B zero, as is presumed of an unknown config."""
    config = adapter.config
    unknown = config is not None and not config.complete and config.source is None
    return adapter.weights is Weights.ZERO or (unknown and adapter.weights is Weights.FRESH)


def _on_purpose(body: Body, scene: Scene) -> bool:
    """Return whether `.train()` was called for this inference: Monte-Carlo dropout."""
    call = body.mode_call
    function = scene.function or scene.document.tree
    return call is not None and any(call is node for node in ast.walk(function))


def _same_step(candidate: Candidate, training: tuple[Place, ...]) -> bool:
    """Return whether inference and `backward` are parts of one training step.

    They are where a round of a loop answers first, and then learns from it: rollouts, the
    logits of a reference. So is a forward beside `backward`, but not a later `generate`.
    """
    pairs = list(zip(candidate.places, training, strict=False))
    one, other = next((pair for pair in pairs if pair[0].node is not pair[1].node), pairs[-1])
    direct = one is candidate.places[-1] and other is training[-1]
    if candidate.event.how != "generate" and direct and one.loops[-1:] == other.loops[-1:]:
        return bool(one.loops) or one.function is not None
    first = _end(one.node) < _end(other.node)
    if not one.loops and not other.loops:
        return first and direct and one.function is not None
    return first and not set(one.loops).isdisjoint(other.loops)


def _end(node: ast.AST) -> tuple[int, int]:
    """Return where a call ends: an argument's call comes before the one that it is for."""
    return getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)


def _suspicion(candidate: Candidate, trained_later: bool) -> Suspicion:
    from peft_lint.rules.inference.inference_in_train_mode_fix import SwitchToEval

    event = candidate.event
    what = "generates" if event.how == "generate" else "answers"
    known = candidate.severity is Severity.WARNING
    message = f"the model {what} in train mode, with dropout switched on"
    if not known:
        message = f"the model {what} in train mode; any dropout it has is switched on"
    words = "generation happens here" if event.how == "generate" else "inference happens here"
    safety = Applicability.UNSAFE if trained_later else Applicability.SAFE
    title = "Put the model into eval mode before it is used"
    return Suspicion(
        code="PEF201",
        severity=candidate.severity,
        message=message,
        anchor=event.node,
        story=(*candidate.steps[-3:], (event.node, words)),
        cause=candidate.body,
        proposals=(Proposal(title, safety, SwitchToEval(event), (event.node,)),),
    )
