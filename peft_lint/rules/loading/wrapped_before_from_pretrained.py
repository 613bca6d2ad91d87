"""PEF102: PeftModel.from_pretrained wraps a PeftModel, or a base that carries an adapter."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Enclosed, Saved
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Node
from peft_lint.interpreter.values import Literal, Unknown, Value
from peft_lint.names import variables
from peft_lint.rules.rewrapping import Rewrap, Rewraps
from peft_lint.scene import Scene
from peft_lint.suspicion import Suspicion


class Rule(Rewraps):
    """Looks at each load, and at what happens to the models that were there before."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: dict[Node, Value | None] = {}
        self._saved: dict[Node, list[Value | None]] = {}

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Suspect an adapter from a checkpoint on a body that carries another one."""
        rewrap = self.add(event, scene)
        loads = event.config is None
        if rewrap is not None and loads and (rewrap.nested or self._is_other(rewrap, scene)):
            self.found[event.node] = rewrap
        self._sources[event.node] = event.source if loads else None

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note under which paths an adapter lies, besides the use of its model."""
        for one in scene.body(event).adapters or ():
            self._saved.setdefault(one.node, []).append(event.path)
        super().on_saved(event, scene)

    def _is_other(self, rewrap: Rewrap, scene: Scene) -> bool:
        """Return whether the new adapter surely comes from elsewhere than the one it meets."""
        event, carried = rewrap.event, rewrap.carried.node
        if carried is event.node and _follows_loop(event, scene):
            return True
        if carried not in self._sources:
            # Put there by something that is no wrap: `load_adapter`, a trainer.
            return False
        if event.source in self._saved.get(carried, ()):
            return False
        before = self._sources[carried]
        return before is None or _differ(before, event.source)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report every load on a PeftModel, and those on a base that do harm."""
        for node, rewrap in self.found.items():
            if self.is_harmful(rewrap):
                yield self._suspicion(rewrap, node in self.used)

    def _suspicion(self, rewrap: Rewrap, used: bool) -> Suspicion:
        node, how = rewrap.event.node, rewrap.event.how
        nested = f"{how} wraps a PeftModel again: the adapter's weights are not loaded"
        return Suspicion(
            code="PEF102",
            severity=Severity.ERROR if self.is_sure(rewrap) or used else Severity.WARNING,
            message=nested if rewrap.nested else self.words(rewrap),
            anchor=node,
            story=self.story(rewrap),
            cause=node,
            proposals=self.proposals(rewrap, "unload"),
        )


def _differ(one: Value, other: Value | None) -> bool:
    """Return whether two paths surely are not the same one."""
    known = [
        isinstance(path, Literal) or (isinstance(path, Unknown) and path.origin is not None)
        for path in (one, other)
    ]
    return all(known) and one != other


def _follows_loop(event: Enclosed, scene: Scene) -> bool:
    """Return whether the path is spelled with the variable of a loop around the call."""
    targets = [loop.target for loop in scene.context.loops if isinstance(loop, ast.For)]
    return not variables(*targets).isdisjoint(variables(event.source_node))
