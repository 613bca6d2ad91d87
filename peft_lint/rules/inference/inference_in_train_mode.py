"""PEF201: a model answers while dropout that acts on it is in train mode."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.document import Document
from peft_lint.events import Inference, Trained
from peft_lint.finding import Severity
from peft_lint.interpreter.call import is_spelled
from peft_lint.interpreter.objects import Adapter, Body, Weights
from peft_lint.lean import Record
from peft_lint.scene import Place, Scene
from peft_lint.suspicion import Suspicion


class Candidate(Record):
    """An inference with live dropout, until training beside it explains the mode.

    `asked` is the place that makes an inference of it, which a forward shares with training.
    """

    event: Inference
    severity: Severity
    body: Body
    places: tuple[Place, ...]
    asked: Place


class Rule:
    """Collects inferences on bodies with live dropout, and the training around them."""

    def __init__(self) -> None:
        self._candidates: dict[ast.AST, Candidate] = {}
        # What training follows: True for steps by hand, False for a trainer alone.
        self._trained_later: dict[ast.AST, bool] = {}
        self._in_training_step: set[ast.AST] = set()
        # Functions that were given away before training: who has them called them then.
        self._given_before: set[ast.AST] = set()

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """Suspect an inference on a path where dropout acts."""
        body = scene.body(event)
        severity = _severity(body)
        told = scene.context.entry not in self._given_before and event.receiver is not None
        if severity is None or not told or _on_purpose(body, scene):
            return
        places = scene.places(event)
        asked = _asked(event, places, scene.context.no_grad)
        self._candidates.setdefault(asked.node, Candidate(event, severity, body, places, asked))

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Note training that follows an inference, and training steps around one."""
        body = scene.body(event)
        self._given_before |= scene.machine.handed
        for candidate in self._candidates.values():
            if candidate.body.node is not body.node:
                continue
            node, by_hand = candidate.asked.node, event.how == "backward"
            # A trainer puts the model back into train mode by itself, wherever it is called.
            if by_hand or candidate.asked.function is scene.function:
                self._trained_later[node] = by_hand or self._trained_later.get(node, False)
            if by_hand and _same_step(candidate, scene.places(event)):
                self._in_training_step.add(node)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the first such inference of each cause and function."""
        causes = set()
        functions = [one.asked.function for one in self._candidates.values()]
        for one in sorted(self._candidates.values(), key=lambda one: one.asked.end):
            body, asked = one.body, one.asked
            cause = (body.node, body.steps[-1][0] if body.steps else None, asked.function)
            if asked.node not in self._in_training_step and cause not in causes:
                causes.add(cause)
                by_hand = self._trained_later.get(asked.node)
                alone = functions.count(asked.function) == 1
                yield _suspicion(one, scene.document, by_hand, alone)


def _asked(event: Inference, places: tuple[Place, ...], no_grad: int | None) -> Place:
    """Return the place that makes an inference: of a forward, where gradients are off."""
    if event.how != "forward" or no_grad is None:
        return places[-1]
    return next((one for one in places[no_grad:] if is_spelled(one.node)), places[-1])


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
    """Return whether an adapter changes nothing, as is presumed of one that was never trained."""
    config = adapter.config
    unknown = config is not None and not config.complete and config.source is None
    presumed = (Weights.ZERO, Weights.FRESH, Weights.UNKNOWN) if unknown else (Weights.ZERO,)
    return adapter.weights in presumed


def _on_purpose(body: Body, scene: Scene) -> bool:
    """Return whether `.train()` was called for this inference: Monte-Carlo dropout."""
    return any(body.mode_call is node for node in ast.walk(scene.function or scene.document.tree))


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
    first = one.end < other.end
    if not one.loops and not other.loops:
        return first and direct and one.function is not None
    return first and not set(one.loops).isdisjoint(other.loops)


def _suspicion(one: Candidate, document: Document, by_hand: bool | None, alone: bool) -> Suspicion:
    from peft_lint.rules.inference.inference_in_train_mode_fix import proposals

    generates = one.event.how == "generate"
    what, word = ("generates", "generation") if generates else ("answers", "inference")
    known = one.severity is Severity.WARNING
    dropout = ", with dropout switched on" if known else "; any dropout it has is switched on"
    anchor = one.asked.node
    assert isinstance(anchor, ast.expr | ast.stmt)
    return Suspicion(
        code="PEF201",
        severity=one.severity,
        message=f"the model {what} in train mode{dropout}",
        anchor=anchor,
        story=(*one.body.steps[-3:], (anchor, f"{word} happens here")),
        cause=one.body.node,
        proposals=proposals(one, document, by_hand=by_hand, alone=alone),
    )
