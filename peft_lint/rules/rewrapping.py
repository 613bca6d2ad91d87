"""What PEF102 and PEF103 share: a body that carries an adapter is wrapped once more (A3)."""

from __future__ import annotations

import ast

from peft_lint.events import AdapterLoaded, Enclosed, Inference, Merged, Saved, Trained
from peft_lint.finding import Applicability
from peft_lint.interpreter.objects import (
    PEFT_MODELS,
    PEFT_PARTS,
    Adapter,
    Handle,
    Node,
    Steps,
    Weights,
)
from peft_lint.lean import Record
from peft_lint.rules.guards import blocks_around, need_not_precede
from peft_lint.rules.loops import picks_rounds
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal


class Rewrap(Record):
    """A wrap of a body that carries the adapter `carried`.

    `nested` when the PeftModel itself is wrapped, not its base. `replaces` when the new
    adapter has the name of the carried one, None if its name is not in the text. `earlier`
    are the ids of the models that the body had before.
    """

    event: Enclosed
    carried: Adapter
    nested: bool
    replaces: bool | None
    earlier: frozenset[int]


class Rewraps:
    """Collects such wraps, and where a model that was there before is used afterwards."""

    def __init__(self) -> None:
        self.found: dict[Node, Rewrap] = {}
        self.used: dict[Node, Node] = {}
        self._first: dict[Node, ast.expr | None] = {}
        self._plain: set[Node] = set()
        self._visits: dict[Node, int] = {}
        self._cleared: set[Node] = set()
        self._entries: dict[Node, set[ast.AST | None]] = {}
        self._filled: set[Node] = set()
        # Wraps that meet one adapter at first and another later, as in a loop.
        self._several: set[Node] = set()

    def add(self, event: Enclosed, scene: Scene) -> Rewrap | None:
        """Note a wrap; return what it says if the body surely carried an adapter before."""
        self._first.setdefault(event.node, event.base_node)
        base = scene.world.heap[event.base]
        nested = isinstance(base, Handle) and base.kind in PEFT_PARTS
        if not nested:
            self._plain.add(event.node)
        if event.before.adapters == () and self._is_later(event.node, scene):
            self._cleared.add(event.node)
        self._entries.setdefault(event.node, set()).add(scene.context.entry)
        rewrap = _rewrap(event, scene, nested)
        if rewrap is None or _retried(rewrap, scene) or self._is_another_way(rewrap, scene):
            return None
        before = self.found.get(event.node)
        if before is not None:
            if rewrap.carried.node is not before.carried.node:
                self._several.add(event.node)
            rewrap = before._replace(earlier=before.earlier | rewrap.earlier)
        return rewrap

    def _is_another_way(self, rewrap: Rewrap, scene: Scene) -> bool:
        """Return whether an object gets its adapter here, or in another of its methods."""
        same = scene.context.entry in self._entries.get(rewrap.carried.node, ())
        return not same and need_not_precede(rewrap.carried.node, scene)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note that the one adapter's weights are neither model's from here on, but others."""
        adapters = scene.body(event).adapters or ()
        if len(adapters) == 1 and event.how in ("set_peft_model_state_dict", "hotswap_adapter"):
            self._filled.add(adapters[0].node)

    def on_inference(self, event: Inference | Trained | Saved | Merged, scene: Scene) -> None:
        """Note that an earlier model is used while the new adapter acts."""
        body = scene.body(event)
        present = {one.node for one in body.adapters or ()} - self._filled
        for node, rewrap in self.found.items():
            if event.handle in rewrap.earlier and node in present and body.enabled is True:
                self.used.setdefault(node, event.node)

    on_trained = on_merged = on_inference

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Likewise: what is saved is used."""
        self.on_inference(event, scene)

    def _is_later(self, node: Node, scene: Scene) -> bool:
        """Return whether a wrap happens for another time."""
        machine = scene.machine
        visit = machine.visits[machine.statement] if machine.statement else 0
        return visit > self._visits.setdefault(node, visit)

    def is_harmful(self, rewrap: Rewrap) -> bool:
        """Return whether a wrap does harm, unless both adapters sit in the same layers.

        One that meets its own adapter does not if it also meets none: where only the last
        round of a loop leaves its adapter on, no round comes after it.
        """
        node = rewrap.event.node
        if rewrap.carried.node is node and node in self._cleared:
            return False
        return rewrap.nested or node in self.used or rewrap.replaces is True

    def is_sure(self, rewrap: Rewrap) -> bool:
        """Return whether the wrap meets a PeftModel on every path."""
        node = rewrap.event.node
        return rewrap.nested and (node not in self._plain or rewrap.carried.node is node)

    def words(self, rewrap: Rewrap) -> str:
        """Return what becomes of the first adapter, of a wrap that is not `nested`."""
        start = f"{rewrap.event.how} wraps a base that carries an adapter"
        if rewrap.event.node in self.used:
            return f"{start}: its first model now uses this one"
        return f"{start}: layers that this one does not replace keep the first"

    def story(self, rewrap: Rewrap) -> Steps:
        """Return the steps from the first adapter to the use of its model."""
        node = rewrap.event.node
        if rewrap.carried.node is node:
            words = "the model is wrapped here again: it still carries the adapter of the last time"
            steps: Steps = ((node, words),)
        else:
            steps = (
                (rewrap.carried.node, "PEFT puts the first adapter into the model's layers here"),
                (node, "and the same model is wrapped again here"),
            )
        if node in self.used:
            steps += ((self.used[node], "and the first model is used here"),)
        return steps

    def proposals(self, rewrap: Rewrap, method: str) -> tuple[Proposal, ...]:
        """Return the fix: take the first adapter off by `method`, or give it a base of its own."""
        from peft_lint.rules.rewrapping_fix import ReplaceBase

        event, first = rewrap.event, rewrap.carried.node
        base = event.base_node
        if rewrap.nested:
            # A name of its own says that both are meant: neither is to be taken off.
            if base is None or event.node in self._plain or rewrap.replaces is False:
                return ()
            titles = {
                "unload": "Take the first adapter off before the model is wrapped again",
                "merge_and_unload": "Merge the first adapter before the model is wrapped again",
            }
            visitor = ReplaceBase(base, method)
            return (Proposal(titles[method], Applicability.UNSAFE, visitor, (event.node,)),)
        owner = self._first.get(first)
        if event.node in self._several:
            return ()
        if not (isinstance(owner, ast.Name) and isinstance(base, ast.Name) and owner.id == base.id):
            return ()
        title = "Put the first adapter on a copy of the base model"
        return (Proposal(title, Applicability.UNSAFE, ReplaceBase(owner), (first,)),)


def _rewrap(event: Enclosed, scene: Scene, nested: bool) -> Rewrap | None:
    before, made = event.before, scene.body(event).made_by(event.node)
    name = made[0].name if made else None
    spelled = _spelled_name(event.node)
    replaces = None if spelled is None else name in {one.name for one in before.adapters or ()}
    carried = [one for one in before.adapters or () if one.name == name]
    carried = carried or list(before.adapters or ())
    in_place = all(map(_is_in_place, (*carried, *made)))
    if not carried or not in_place:
        # Prompt learning leaves the modules alone, and stacks.
        return None
    sure = not before.escaped and before.enabled is True
    if not nested and (not sure or any(one.merged is not False for one in carried)):
        return None
    heap = scene.world.heap
    body = scene.handle(event).body
    earlier = frozenset(
        number
        for number, state in heap.items()
        if isinstance(state, Handle) and state.kind in PEFT_MODELS
        if state.body == body and number != event.handle
    )
    return Rewrap(event, carried[-1], nested, replaces, earlier)


def _is_in_place(adapter: Adapter) -> bool:
    """Return whether an adapter changes layers, as one that a config makes is presumed to."""
    loaded = adapter.weights is Weights.LOADED
    return adapter.in_place is True or (adapter.in_place is None and not loaded)


def _spelled_name(node: Node) -> str | None:
    """Return the adapter name that a call gives, "" for none, None where it is no constant."""
    assert isinstance(node, ast.Call)
    given = [word.value for word in node.keywords if word.arg in ("adapter_name", None)]
    given += node.args[2:3]
    if not given:
        return ""
    value = given[0]
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _retried(rewrap: Rewrap, scene: Scene) -> bool:
    """Return whether a wrap follows another that failed, or only seems to come again."""
    event = rewrap.event
    places = scene.places(event)
    again = rewrap.carried.node is event.node and any(place.loops for place in places)
    tries = (ast.ExceptHandler, ast.Try) if again else ast.ExceptHandler
    owners = (owner for place in places for owner in blocks_around(place.node, scene))
    return any(isinstance(owner, tries) for owner in owners) or (
        again and picks_rounds(event, scene)
    )
