"""What PEF411 and PEF503 share: a plain model in whose layers PEFT has put its adapter (A10)."""

from __future__ import annotations

from peft_lint.events import AdapterLoaded, Wrapped
from peft_lint.interpreter.objects import Adapter, Body, Kind, Node
from peft_lint.rules.abilities import is_of_transformers
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace

# Calls that put PEFT's own wrapper around a base; the base knows nothing of its adapter then.
_WRAPPERS = ("get_peft_model", "PeftModel", "trainer")


class Inside(OnePerPlace):
    """Tells adapters that a PeftModel put into its base from those the base knows of."""

    def __init__(self) -> None:
        super().__init__()
        self._wraps: set[Node] = set()
        self._native: set[Node] = set()

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Tell PEFT's wrappers from adapters that the model itself knows of."""
        (self._wraps if event.how in _WRAPPERS else self._native).add(event.node)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Likewise: the model's own `load_adapter` makes it save the adapter."""
        native = scene.handle(event).kind is Kind.PLAIN
        (self._native if native else self._wraps).add(event.node)

    def adapter_inside(self, body: Body) -> Adapter | None:
        """Return an adapter of PEFT's that surely has its layers in the body."""
        adapters = body.adapters or ()
        # Models of other libraries save in ways of their own.
        if body.model_class is not None and not is_of_transformers(body):
            return None
        if any(one.node in self._native for one in adapters):
            return None
        inside = (
            one
            for one in adapters
            if one.node in self._wraps and one.in_place is True and one.merged is not None
        )
        return next(inside, None)


def name_of_wrapper(number: int, scene: Scene) -> str | None:
    """Return how a name in view, or an attribute of one, spells the PeftModel of a body."""
    world = scene.world

    def fits(value: object) -> bool:
        handle = world.handle(value)  # type: ignore[arg-type]
        return handle is not None and handle.kind is Kind.PEFT and handle.body == number

    for frame in (scene.machine.frame, 0):
        for name, value in world.frames[frame].variables.items():
            if fits(value):
                return name
            owner = world.state(value)
            for attribute, held in getattr(owner, "attributes", {}).items():
                if fits(held):
                    return f"{name}.{attribute}"
    return None
