"""PEF106: the base answers beside its PeftModel, as if the adapter were not in its layers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Enclosed, Inference
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import PEFT_MODELS, PEFT_PARTS, Adapter, Handle, Node, Weights
from peft_lint.lean import Record
from peft_lint.rules.guards import blocks_around
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

_WORTH = (Weights.LOADED, Weights.TRAINED)


class Use(Record):
    """A base with the adapter of the wrap `wrap` inside answers at the innermost of `nodes`.

    `nodes` are the calls that lead there. `forward` tells a forward from generated text.
    """

    wrap: Node
    nodes: tuple[ast.AST, ...]
    forward: bool


class Rule:
    """Collects what answers after each wrap: the base by its own name, and the PeftModel."""

    def __init__(self) -> None:
        self._bases: dict[Node, ast.expr | None] = {}
        self._uses: dict[Use, None] = {}
        self._tuned: dict[tuple[Node, bool], dict[ast.AST, None]] = {}

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Note how a wrap spells its base."""
        self._bases[event.node] = event.base_node

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """Note an answer of a base that carries a trained adapter, or of the PeftModel."""
        if event.how == "trainer":
            return
        nodes = tuple(place.node for place in scene.places(event))
        body, forward = scene.body(event), event.how == "forward"
        inside = [one for one in body.active_adapters() if one.node in self._bases]
        if _is_wrapped(event, scene):
            for one in inside:
                self._tuned.setdefault((one.node, forward), {}).update(dict.fromkeys(nodes))
        elif body.enabled is True and not _through_wrapper(event.receiver, scene):
            for one in filter(_acts, inside):
                if not _explained(nodes, one.node, event, scene):
                    self._uses.setdefault(Use(one.node, nodes, forward))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the first answer of each base whose PeftModel gives such answers as well."""
        told = set()
        for use in self._uses:
            tuned = self._tuned.get((use.wrap, use.forward))
            if tuned is not None and use.wrap not in told:
                told.add(use.wrap)
                yield _suspicion(use, tuned, self._bases[use.wrap])


def _acts(adapter: Adapter) -> bool:
    """Return whether an adapter surely changes what the layers of its base give.

    Who merges it knows that it is in the base; prompt learning leaves the layers alone.
    """
    learnt = adapter.weights in _WORTH and adapter.merged is False
    return learnt and adapter.in_place is True


def _explained(nodes: tuple[ast.AST, ...], wrap: Node, event: Inference, scene: Scene) -> bool:
    """Return whether a base answers where the wrap failed, or in a round of a loop before it."""
    for node in nodes:
        for owner in blocks_around(node, scene):
            if isinstance(owner, ast.ExceptHandler):
                return True
            loop = owner if isinstance(owner, (ast.For, ast.AsyncFor)) else None
            if loop and wrap in ast.walk(loop) and _position(node) < _position(wrap):
                return True
    tried = any(isinstance(owner, ast.Try) for owner in blocks_around(wrap, scene))
    return tried and not _is_kept(event, scene)


def _is_kept(event: Inference, scene: Scene) -> bool:
    """Return whether a name leads to the PeftModel of a body: none does after a handler."""
    body = scene.handle(event).body
    states = (scene.world.heap[number] for number in scene.world.reached())
    return any(
        isinstance(one, Handle) and one.kind in PEFT_MODELS and one.body == body for one in states
    )


def _position(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _is_wrapped(event: Inference, scene: Scene) -> bool:
    """Return whether a PeftModel answers, by itself or in a pipeline or another wrapper."""
    handle: object = scene.handle(event)
    while isinstance(handle, Handle):
        if handle.kind in PEFT_PARTS:
            return True
        handle = scene.world.heap.get(handle.inner) if handle.inner is not None else None
    return False


def _through_wrapper(receiver: ast.expr | None, scene: Scene) -> bool:
    """Return whether the base is spelled as a part of its PeftModel, so that its author knows."""
    part = receiver
    while isinstance(part, (ast.Attribute, ast.Call)):
        part = part.value if isinstance(part, ast.Attribute) else part.func
        handle = scene.world.handle(scene.value(part))
        if handle is not None and handle.kind in PEFT_PARTS:
            return True
    return False


def _suspicion(use: Use, tuned: dict[ast.AST, None], base: ast.expr | None) -> Suspicion:
    from peft_lint.rules.rewrapping_fix import ReplaceBase

    # A helper that both models are given to is no place of either; the calls of it are.
    anchor = next((node for node in reversed(use.nodes) if node not in tuned), use.nodes[-1])
    other = next((node for node in reversed(tuned) if node not in use.nodes), use.nodes[-1])
    assert isinstance(anchor, ast.expr)
    assert isinstance(other, ast.expr)
    proposals: tuple[Proposal, ...] = ()
    if isinstance(base, (ast.Name, ast.Attribute)):
        title = "Put the adapter on a copy of the base model"
        proposals = (Proposal(title, Applicability.UNSAFE, ReplaceBase(base), (use.wrap,)),)
    return Suspicion(
        code="PEF106",
        severity=Severity.ERROR,
        message="the base model answers with the adapter that its PeftModel has put into it",
        anchor=anchor,
        story=(
            (use.wrap, "PEFT puts the adapter into the base model's own layers here"),
            (other, "the PeftModel answers here"),
            (anchor, "and the base model answers here, with the adapter as well"),
        ),
        cause=use.wrap,
        proposals=proposals,
    )
