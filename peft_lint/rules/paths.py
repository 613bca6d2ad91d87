"""Whether a path on which something happens surely is one on which something else did before."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from peft_lint.interpreter.objects import Node
from peft_lint.scene import Scene


class Paths:
    """Under which conditions each of some steps happens."""

    def __init__(self) -> None:
        self._facts: dict[Node, list[Mapping[Hashable, bool]]] = {}

    def note(self, node: Node, scene: Scene) -> None:
        """Note a step on this path."""
        self._facts.setdefault(node, []).append(dict(scene.world.facts))

    def lead_here(self, node: Node, scene: Scene) -> bool:
        """Return whether no condition was met since a step: who comes there comes here."""
        now = scene.world.facts.items()
        return any(now <= then.items() for then in self._facts.get(node, ()))
