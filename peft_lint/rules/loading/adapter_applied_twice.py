"""PEF107: an adapter is loaded onto a model that has it already: merged in, or beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import AdapterLoaded, Enclosed, Mixed
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Adapter, Body, Kind, Node
from peft_lint.interpreter.values import Value, literal
from peft_lint.lean import Record
from peft_lint.library.artifacts import place
from peft_lint.rules.abilities import is_of_transformers
from peft_lint.rules.guards import blocks_around
from peft_lint.rules.merging import Merging, inside, shared
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

_WHERE = frozenset({"subfolder", "revision", "adapter_kwargs"})


class Again(Record):
    """A load of an adapter, from `path`, that its model has already, since `first`.

    `merged` tells one that is merged into the model from one that was loaded with it.
    """

    node: Node
    path: Value
    first: Node
    merged: bool
    base: ast.expr | None


class Rule(Merging):
    """Compares where each adapter lies with where those lie that its base has."""

    def __init__(self) -> None:
        super().__init__()
        self._bases: dict[Node, ast.expr | None] = {}
        self._found: dict[Node, Again] = {}

    def on_mixed(self, event: Mixed, scene: Scene) -> None:
        """Let go of adapters that are mixed, perhaps with the weight -1 that takes them out."""
        for one in scene.body(event).adapters or ():
            self._found.pop(one.node, None)

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Look at a load that puts a PeftModel around a base."""
        before, base = event.before, event.base_node
        self._bases[event.node] = base
        new = None if event.config else next(iter(scene.body(event).made_by(event.node)), None)
        if new is None:
            return
        self._compare(event, new, inside(before), base, scene)
        if place(before.checkpoint) in new.paths and _is_loaded_with_adapter(before):
            again = Again(event.node, new.paths[0], before.node, False, base)
            self._found.setdefault(event.node, again)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Look at a load by the plain model's own method."""
        body = scene.body(event)
        new = next(iter(body.made_by(event.node)), None)
        plain = event.how == "load_adapter" and scene.handle(event).kind is Kind.PLAIN
        if plain and new is not None:
            self._compare(event, new, body.merged, None, scene)

    def _compare(
        self,
        event: Enclosed | AdapterLoaded,
        new: Adapter,
        merged: tuple[Adapter, ...],
        base: ast.expr | None,
        scene: Scene,
    ) -> None:
        """Suspect a load of what is merged, unless time may have passed or a step failed."""
        places = scene.places(event)
        loops = [loop for where in places for loop in where.loops]
        owners = [owner for where in places for owner in blocks_around(where.node, scene)]
        if any(isinstance(one, (ast.While, ast.ExceptHandler)) for one in (*loops, *owners)):
            return
        one = shared(merged, new)
        if one is not None and not (one.node is new.node and loops):
            again = Again(new.node, new.paths[0], one.node, True, base)
            self._found.setdefault(new.node, again)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report loads from folders that nothing else fills."""
        for again in self._found.values():
            # A base beside its adapter was put there on purpose.
            saved = scene.machine.saved.get(str(literal(again.path)), ())
            whole = not again.merged and None in saved
            if not whole and not self.may_differ(again.path, again.first, scene):
                yield self._suspicion(again)

    def _suspicion(self, again: Again) -> Suspicion:
        proposals: tuple[Proposal, ...] = ()
        if again.merged:
            from peft_lint.rules.loading import adapter_applied_twice_fix as fix

            message = "the adapter is applied twice: the model that it is put on has it merged in"
            merge = self.merges.get(again.first, again.first)
            step = (merge, "the adapter is merged into the base model here")
            end = "and the same adapter is put on top of it here"
            proposals = fix.proposals(again, self._bases.get(again.first))
        else:
            message = "the model was loaded with this adapter already"
            step = (again.first, "the adapter is loaded together with its base model here")
            end = "and the same adapter is loaded once more here"
        return Suspicion(
            code="PEF107",
            severity=Severity.ERROR if again.merged else Severity.INFO,
            message=message,
            anchor=again.node,
            story=(step, (again.node, end)),
            cause=again.node,
            proposals=proposals,
        )


def _is_loaded_with_adapter(before: Body) -> bool:
    """Return whether a class of transformers loaded a body, with the adapter that lies there."""
    adapters = before.adapters
    elsewhere = not before.complete or any(word in _WHERE for word, _ in before.arguments)
    own = adapters is not None and all(one.node is before.node for one in adapters)
    return own and not elsewhere and is_of_transformers(before)
