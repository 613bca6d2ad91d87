"""What the rules on frozen adapters share: training in which nothing of the model can change."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import Event, Stepped, Trained
from peft_lint.interpreter.objects import (
    Adapter,
    Body,
    Handle,
    Node,
    Optimizer,
    Trainer,
    Weights,
)
from peft_lint.lean import Record
from peft_lint.rules.loops import follows, once_in_loop
from peft_lint.rules.paths import Paths
from peft_lint.rules.trainers import may_unfreeze, own_classes
from peft_lint.scene import Place, Scene

# What a subclass of a trainer may define to choose by itself what is trained.
_CHOOSES = ("create_optimizer", "get_decay_parameter_names")


class Run(Record):
    """A training run or step, as one world reaches it: `body` when all of it is frozen.

    `sure` when no condition was met between the step that froze it and this one: who comes
    there comes here.
    """

    node: Node
    body: Body | None
    sure: bool = False


class Untrained:
    """Collects the places where a model is trained, and whether it can change there."""

    def __init__(self) -> None:
        self._freezing = Paths()
        self._runs: dict[Node, list[Run]] = {}
        self._driven: set[Node] = set()
        # Steps that may come in the last round of a loop, and where they are.
        self._once: dict[Node, tuple[Place, ...]] = {}

    def froze(self, event: Event, scene: Scene) -> None:
        """Note a step that freezes adapters, and on which path it is."""
        self._freezing.note(event.node, scene)
        if once_in_loop(event, scene):
            self._once[event.node] = scene.places(event)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Note a run of a trainer; an own loop shows by the steps of its optimizer."""
        if event.trainer is not None:
            self._driven.add(event.node)
            self._reach(event, driven(event, scene), scene)

    def on_stepped(self, event: Stepped, scene: Scene) -> None:
        """Note a step of an optimizer that holds nothing but parameters of one model.

        The steps of one that a trainer was given are the trainer's run.
        """
        if event.node not in self._driven:
            self._reach(event, stepped(event, scene), scene)

    def runs(self) -> Iterator[tuple[Node, Body]]:
        """Yield where a model is trained whose every parameter is frozen, with its body.

        A path on which it is not clears the place, unless another surely leads there.
        """
        for runs in self._runs.values():
            always = all(run.body is not None for run in runs)
            for run in runs:
                if run.body is not None and (always or run.sure):
                    yield run.node, run.body

    def _reach(self, event: Trained | Stepped, body: Body | None, scene: Scene) -> None:
        frozen = body if body is not None and _is_frozen(body) else None
        run = Run(event.node, frozen, frozen is not None and self._is_sure(frozen, event, scene))
        self._runs.setdefault(event.node, []).append(run)

    def _is_sure(self, body: Body, event: Trained | Stepped, scene: Scene) -> bool:
        # One without such a step was added frozen, and is there whatever the conditions.
        steps = {one.frozen_by for one in body.adapters or () if one.frozen_by is not None}
        last = [self._once[one] for one in steps if one in self._once]
        if not all(follows(places, scene.places(event)) for places in last):
            return False
        return bool(steps) and all(self._freezing.lead_here(one, scene) for one in steps)


def driven(event: Trained, scene: Scene) -> Body | None:
    """Return the body that a trainer trains as it is given, None where it may do otherwise."""
    return None if _goes_its_own_way(event, scene) else scene.body(event)


def stepped(event: Stepped, scene: Scene) -> Body | None:
    """Return the body of which alone an optimizer holds parameters, None where there are others."""
    world, number = scene.world, scene.handle(event).body
    holders = [world.heap.get(one.handle) for one in event.optimizer.held]
    alone = all(getattr(holder, "body", None) == number for holder in holders)
    return scene.body(event) if alone and event.optimizer.complete else None


def fresh_and_inactive(body: Body) -> list[Adapter]:
    """Return the adapters that were made to be trained, and were not activated."""
    return [
        one
        for one in body.adapters or ()
        if one.frozen_by is None and one.weights in (Weights.ZERO, Weights.FRESH)
        if body.active is not None and one.name not in body.active
    ]


class Unheld(Record):
    """Adapters that are to be trained, of which no optimizer has a parameter.

    `left_out` are those that were there when an optimizer was made, but frozen.
    """

    adapters: tuple[Adapter, ...]
    left_out: frozenset[Node]


def is_frozen_since(body: Body) -> bool:
    """Return whether an adapter was frozen later than it was made: by hand, by another's load."""
    return any(one.frozen_by not in (None, one.node) for one in body.adapters or ())


def displaced(event: Stepped, scene: Scene) -> Adapter | None:
    """Return an adapter in training, if a step changes nothing since a loaded one took its place.

    That is one which an optimizer holds and which is not active, while all that is, was loaded.
    """
    body, held = scene.body(event), _held(event, scene)
    if held is None or body.active is None or not all(map(_is_loaded, body.active_adapters())):
        return None
    kept = [one for one in body.adapters or () if one.node in held[0]]
    if any(one.name in body.active or one.in_place is not True for one in kept):
        return None
    return next(
        (one for one in kept if not _is_loaded(one) or one.weights is Weights.TRAINED), None
    )


def _is_loaded(adapter: Adapter) -> bool:
    return adapter.config is None or adapter.config.source is not None


def unheld(event: Stepped, scene: Scene) -> Unheld | None:
    """Return the adapters of a model that can be trained, if the step surely changes none."""
    adapters = tuple(one for one in scene.body(event).adapters or () if one.trainable is not False)
    found = _held(event, scene)
    if found is None or not adapters:
        return None
    held, left_out = found
    if any(one.node in held or one.trainable is None for one in adapters):
        return None
    return Unheld(adapters, frozenset(left_out))


def _held(event: Stepped, scene: Scene) -> tuple[set[Node], set[Node]] | None:
    """Return the adapters of a model that its optimizers hold, and those that they left out.

    None where something else may be trained, or is.
    """
    body, number = scene.body(event), scene.handle(event).body
    if body.escaped or body.others is not False or body.enabled is not True:
        return None
    held: set[Node] = set()
    left_out: set[Node] = set()
    heap = scene.world.heap
    for state in heap.values():
        if isinstance(state, Optimizer):
            if not state.complete:
                return None
            for one in state.held:
                handle = heap.get(one.handle)
                if isinstance(handle, Handle) and handle.body == number:
                    if one.adapters is None:
                        return None
                    held.update(one.adapters)
                    left_out.update(one.left_out)
    return held, left_out


def _is_frozen(body: Body) -> bool:
    """Return whether a model with adapters, all of them in use, surely has all of it frozen."""
    adapters = body.adapters or ()
    return (
        bool(adapters)
        and body.others is False
        and body.enabled is True
        and all(one.trainable is False and one.merged is False for one in adapters)
    )


def _goes_its_own_way(event: Trained, scene: Scene) -> bool:
    """Return whether something else may be trained than what a trainer's model lets it."""
    trainer = scene.trainer(event)
    if trainer is None or may_unfreeze(trainer, scene):
        return True
    if any(word.arg in (None, "peft_config") for word in trainer.node.keywords):
        # It wraps the model once more, ignores the config or raises, by the release (B13).
        return trainer.handle is not None and not _wrapped_by(trainer, scene)
    classes = own_classes(event, scene)
    return any(cls.find(name) is not None for cls in classes for name in _CHOOSES)


def _wrapped_by(trainer: Trainer, scene: Scene) -> bool:
    """Return whether the trainer itself put the adapter on its model."""
    handle = scene.world.heap.get(trainer.handle or 0)
    return getattr(handle, "node", None) is trainer.node
