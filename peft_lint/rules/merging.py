"""What PEF107, PEF505 and PEF512 share: where adapters are merged, and where they lie."""

from __future__ import annotations

from peft_lint.events import Merged, Saved
from peft_lint.interpreter.objects import Adapter, Body, Node
from peft_lint.interpreter.values import Value, literal
from peft_lint.library.artifacts import place
from peft_lint.library.configs import DEFAULT
from peft_lint.rules.folders import filled, moved
from peft_lint.scene import Scene


class Merging:
    """Collects merges and saves over all worlds."""

    def __init__(self) -> None:
        self.merges: dict[Node, Node] = {}
        self.owners: dict[Value, dict[Node, Node]] = {}

    def on_merged(self, event: Merged, scene: Scene) -> None:
        """Note where each adapter is merged."""
        for one in scene.body(event).adapters or ():
            self.merges.setdefault(one.node, event.node)

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note which adapters are saved where: each but the default one in a folder of its name."""
        for one in scene.body(event).adapters or ():
            path = place(event.path, "" if one.name == DEFAULT else one.name)
            if path is not None:
                self.owners.setdefault(path, {}).setdefault(one.node, event.node)

    def may_differ(self, path: Value, adapter: Node, scene: Scene) -> bool:
        """Return whether another adapter than this one may lie at its path."""
        folder = literal(path)
        changes = filled(folder, scene) if isinstance(folder, str) else moved(scene)
        return changes or any(owner is not adapter for owner in self.owners.get(path, ()))


def inside(body: Body) -> tuple[Adapter, ...]:
    """Return the adapters whose weights are in the base."""
    merged = (one for one in body.adapters or () if one.in_place and one.merged)
    return (*body.merged, *merged)


def shared(merged: tuple[Adapter, ...], new: Adapter) -> Adapter | None:
    """Return the adapter among these that lies where another one is loaded from."""
    return next((one for one in merged if not set(one.paths).isdisjoint(new.paths)), None)
