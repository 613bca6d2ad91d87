"""PEF424: the best checkpoint of an adapter that is not called "default" is not loaded again."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Trained
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Arguments, Kind
from peft_lint.interpreter.values import literal
from peft_lint.rules.trainers import keeps_checkpoints, loads_by_hand, spelled
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword

_FIELD = "load_best_model_at_end"


class Rule(OnePerPlace):
    """Looks at each training that ends with its best checkpoint: what the adapter is called."""

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Suspect an active adapter that the trainer does not look for."""
        trainer, body = scene.trainer(event), scene.body(event)
        if trainer is None or scene.handle(event).kind is not Kind.PEFT or body.escaped:
            return
        settings = scene.world.state(trainer.arguments)
        if not isinstance(settings, Arguments) or not settings.complete:
            return
        if trainer.library not in ("transformers", "trl"):
            return
        asks = literal(settings.get(_FIELD)) is True
        if not asks or not keeps_checkpoints(settings, trainer, scene):
            return
        active = body.active_adapters()
        if body.enabled is not True or len(active) != 1 or active[0].name == "default":
            return
        beside = body.adapter("default")
        suspicion = _suspicion(event, settings, active[0], beside, scene)
        self._found.setdefault(suspicion.anchor, suspicion)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what nothing in the document loads by itself."""
        if self._found and not loads_by_hand(scene):
            yield from super().finish(scene)


def _suspicion(
    event: Trained, settings: Arguments, adapter: Adapter, beside: Adapter | None, scene: Scene
) -> Suspicion:
    anchor = spelled(settings, _FIELD)
    words = "the last weights stay"
    if beside is not None:
        words = "the weights of 'default' are loaded into it"
    proposals: tuple[Proposal, ...] = ()
    call = adapter.node
    given = {word.arg for word in call.keywords} if isinstance(call, ast.Call) else set()
    if beside is None and "adapter_name" in given and _says_once(adapter.name, scene):
        visitor, safety = RemoveKeyword("adapter_name"), Applicability.UNSAFE
        proposals = (Proposal("Call the adapter 'default'", safety, visitor, (call,)),)
    return Suspicion(
        code="PEF424",
        severity=Severity.ERROR,
        message=f"the best checkpoint of the adapter {adapter.name!r} is not found: {words}",
        anchor=anchor,
        story=(
            (adapter.node, f"the adapter is called {adapter.name!r} here, and saved in a folder"),
            (anchor, "the trainer looks for an adapter beside that folder"),
            (event.node, f"after the training {words}"),
        ),
        cause=adapter.node,
        proposals=proposals,
    )


def _says_once(name: str, scene: Scene) -> bool:
    nodes = scene.document.nodes
    return sum(isinstance(node, ast.Constant) and node.value == name for node in nodes) == 1
