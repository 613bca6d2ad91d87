"""PEF404: an adapter is added to be trained, and is not active where training begins."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Activated, ConfigUsed, Stepped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Body, Node
from peft_lint.rules.loops import follows, once_in_loop
from peft_lint.rules.untrained import Untrained, fresh_and_inactive, unheld
from peft_lint.scene import Place, Scene
from peft_lint.suspicion import Proposal, Suspicion


class Rule(Untrained):
    """Looks at training of models whose fresh adapter is not active, or was not in time."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[Node, Suspicion] = {}
        # What can be trained since a switch that may come in the last round of a loop.
        self._switched: dict[tuple[Node, ...], tuple[Place, ...]] = {}

    def on_config_used(self, event: ConfigUsed, scene: Scene) -> None:
        """Note where adapters are made."""
        self.froze(event, scene)

    def on_activated(self, event: Activated, scene: Scene) -> None:
        """Note a switch after which no round may come."""
        if once_in_loop(event, scene):
            able = tuple(one.node for one in scene.body(event).adapters or () if one.trainable)
            self._switched[able] = scene.places(event)

    def on_stepped(self, event: Stepped, scene: Scene) -> None:
        """Look at a step of an own loop: what can be trained now may be in no optimizer."""
        super().on_stepped(event, scene)
        found = unheld(event, scene)
        if found is None:
            return
        switched = self._switched.get(tuple(one.node for one in found.adapters))
        if switched is not None and not follows(switched, scene.places(event)):
            return
        fresh = [one for one in found.adapters if one.config is not None]
        if fresh and all(one.node in found.left_out for one in found.adapters):
            made = event.optimizer.node
            self._found.setdefault(made, _late(made, fresh[0], event.node))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report fresh adapters beside which everything is frozen."""
        yield from self._found.values()
        for node, body in self.runs():
            fresh = fresh_and_inactive(body)
            if fresh and _only_loaded(body):
                yield _never(fresh[-1], body.active_adapters()[0], node)


def _only_loaded(body: Body) -> bool:
    """Return whether the active adapters are frozen as they were loaded, not by hand."""
    active = body.active_adapters()
    return bool(active) and all(one.frozen_by is one.node for one in active)


def _never(adapter: Adapter, active: Adapter, run: Node) -> Suspicion:
    from peft_lint.rules.activating import Activate

    return Suspicion(
        code="PEF404",
        severity=Severity.ERROR,
        message=f"the adapter {adapter.name!r} is never activated, and training changes nothing",
        anchor=adapter.node,
        story=(
            (active.node, "the adapter that is active is loaded here, frozen"),
            (adapter.node, f"the adapter {adapter.name!r} is added here, and not activated"),
            (run, "and the model is trained here, where nothing of it can change"),
        ),
        cause=adapter.node,
        proposals=(
            Proposal(
                "Activate the adapter after it is added",
                Applicability.UNSAFE,
                Activate(f'"{adapter.name}"'),
                (adapter.node,),
            ),
        ),
    )


def _late(made: ast.Call, adapter: Adapter, step: Node) -> Suspicion:
    return Suspicion(
        code="PEF404",
        severity=Severity.ERROR,
        message=(
            f"the optimizer is made before the adapter {adapter.name!r} is activated, "
            "and will never change it"
        ),
        anchor=made,
        story=(
            (adapter.node, f"the adapter {adapter.name!r} is added here, and not activated"),
            (made, "the optimizer gets only what can be trained here"),
            (step, "so that this step changes nothing of the adapter that is active now"),
        ),
        cause=adapter.node,
    )
