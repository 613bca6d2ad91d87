"""PEF402: a model is prepared for k-bit training after it got its adapter, which freezes that."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.document import Document
from peft_lint.events import (
    Activated,
    Enclosed,
    ModelEvent,
    ParametersTouched,
    Prepared,
    Stepped,
    Trained,
    Wrapped,
)
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Body, Node, Steps, Weights
from peft_lint.rules.untrained import Untrained
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion


class Rule(Untrained):
    """Looks at each preparation of a model with adapters, and at what becomes of these."""

    def __init__(self) -> None:
        super().__init__()
        self._prepared: dict[Node, Prepared] = {}
        self._enclosed: dict[Node, Enclosed] = {}
        # Preparations that freeze an adapter which was made to be trained.
        self._harmful: set[Node] = set()
        self._cleared: set[Node] = set()

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Note the calls that put an adapter on a model, for the fix."""
        self._enclosed[event.node] = event

    def on_prepared(self, event: Prepared, scene: Scene) -> None:
        """Note a preparation of a model that has adapters."""
        adapters = event.before.adapters or ()
        if adapters:
            self._prepared[event.node] = event
            self.froze(event, scene)
        if any(one.trainable and one.weights in (Weights.ZERO, Weights.FRESH) for one in adapters):
            self._harmful.add(event.node)

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """A new adapter takes the place of the frozen one with its name."""
        left = _adapters(scene.body(event))
        for node, prepared in self._prepared.items():
            if _is_of(prepared, event.before) and left.isdisjoint(_adapters(prepared.before)):
                self._cleared.add(node)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Look at a run of a trainer."""
        self._thawed(scene.body(event))
        super().on_trained(event, scene)

    def on_stepped(self, event: Stepped, scene: Scene) -> None:
        """Look at a step of an own loop."""
        self._thawed(scene.body(event))
        super().on_stepped(event, scene)

    def on_inference(self, event: ModelEvent, scene: Scene) -> None:
        """The model need not be meant for training where it answers, or gets its weights.

        Code out of view may unfreeze it.
        """
        self._clear(scene.body(event))

    on_adapter_loaded = on_state_dict_loaded = on_escaped = on_inference

    def on_activated(self, event: Activated, scene: Scene) -> None:
        """See whether the adapters can be trained again."""
        self._thawed(scene.body(event))

    def on_parameters_touched(self, event: ParametersTouched, scene: Scene) -> None:
        """Likewise; what is frozen by hand then is for another rule."""
        self._thawed(scene.body(event))
        if event.on is False:
            self._clear(scene.body(event))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report preparations whose model is trained frozen, or was made to be trained."""
        runs: dict[Node, Node] = {}
        for node, body in self.runs():
            for one in body.adapters or ():
                if one.frozen_by in self._prepared:
                    runs.setdefault(one.frozen_by, node)
        for world in scene.machine.ends:
            for state in world.heap.values():
                if isinstance(state, Body):
                    self._thawed(state)
        for node, event in self._prepared.items():
            if node in runs or (node in self._harmful and node not in self._cleared):
                yield self._suspicion(event, runs.get(node), scene.document)

    def _clear(self, body: Body) -> None:
        """Clear all preparations of a body."""
        self._cleared.update(node for node, event in self._prepared.items() if _is_of(event, body))

    def _thawed(self, body: Body) -> None:
        """Clear the preparations of a body of which an adapter may be trained again."""
        for node, event in self._prepared.items():
            if _is_of(event, body):
                adapters = body.adapters
                if adapters is None or any(one.trainable is not False for one in adapters):
                    self._cleared.add(node)

    def _suspicion(self, event: Prepared, run: Node | None, document: Document) -> Suspicion:
        from peft_lint.rules.turning import Step, turned

        adapter = (event.before.adapters or ())[-1]
        story: Steps = (
            (adapter.node, "the model gets its adapter here"),
            (event.node, "and every parameter is frozen here, those of the adapter as well"),
        )
        if run is not None:
            story += ((run, "so that this training changes nothing"),)
        wrap = self._enclosed.get(adapter.node)
        proposals: tuple[Proposal, ...] = ()
        if wrap is not None and wrap.base_node is not None and event.model_node is not None:
            first, second = Step(wrap.node, wrap.base_node), Step(event.node, event.model_node)
            title = "Prepare the model before it gets its adapter"
            proposals = turned(title, first, second, document)
        return Suspicion(
            code="PEF402",
            severity=Severity.ERROR,
            message="preparing the model for k-bit training freezes the adapter that it has",
            anchor=event.node,
            story=story,
            cause=adapter.node,
            proposals=proposals,
        )


def _is_of(event: Prepared, body: Body) -> bool:
    """Return whether the model that was prepared is this one, or may be.

    One call in a helper makes many bodies: their adapters tell them apart.
    """
    prepared = _adapters(event.before)
    has = prepared if body.adapters is None else _adapters(body)
    return event.before.node is body.node and not prepared.isdisjoint(has)


def _adapters(body: Body) -> set[Node]:
    return {one.node for one in body.adapters or ()}
