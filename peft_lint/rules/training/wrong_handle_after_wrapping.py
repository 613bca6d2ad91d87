"""PEF411: a trainer gets the base model after PEFT wrapped it, and saves or refuses that."""

from __future__ import annotations

import ast

from peft_lint.events import Enclosed, Saved, TrainerMade
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Instance, Kind, Node, Trainer
from peft_lint.locations import locate
from peft_lint.rules.inside import Inside, name_of_wrapper
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import Replace


class Rule(Inside):
    """Looks at trainers of a plain model with PEFT's adapter inside: what they save."""

    def __init__(self) -> None:
        super().__init__()
        self._enclosed: dict[Node, Enclosed] = {}
        # By the model that a trainer got: its making, and how that could spell the PeftModel.
        self._made: dict[int, tuple[TrainerMade, str | None]] = {}

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Note the call, for the fix."""
        self._enclosed[event.node] = event

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Note a trainer of a plain model; one that is quantised is refused at once."""
        handle = scene.model(event)
        if handle is None or handle.kind is not Kind.PLAIN or event.wraps:
            return
        assert event.model is not None
        body = scene.world.body(handle)
        name = name_of_wrapper(handle.body, scene)
        self._made[event.model] = event, name
        adapter = self.adapter_inside(body)
        if adapter is not None and body.quantised is True and not body.escaped:
            words = "and the trainer refuses a quantised model that shows no adapter"
            self._suspect(adapter, event.node, words, scene, event.model)

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Suspect a save by the trainer, which writes the base's layers under wrong names."""
        handle, body = scene.handle(event), scene.body(event)
        if event.how != "save_model" or handle.kind is not Kind.PLAIN or body.escaped:
            return
        adapter = self.adapter_inside(body)
        if adapter is not None and not _saves_its_own_way(event.handle, scene):
            words = "and the trainer saves it here, under the names of layers that have changed"
            self._suspect(adapter, event.node, words, scene, event.handle)

    def _suspect(
        self, adapter: Adapter, symptom: Node, words: str, scene: Scene, handle: int
    ) -> None:
        found = self._made.get(handle)
        if found is None:
            return
        made, name = found
        anchor = made.model_node or made.node
        suspicion = Suspicion(
            code="PEF411",
            severity=Severity.ERROR,
            message=(
                "the trainer gets the base model, in which the adapter is, instead of the PeftModel"
            ),
            anchor=anchor,
            story=(
                (adapter.node, "PEFT puts the adapter into the base model's own layers here"),
                (anchor, "the trainer gets the base model here, not the PeftModel"),
                (symptom, words),
            ),
            cause=adapter.node,
            proposals=self._proposals(made, name, adapter, scene),
        )
        self._found.setdefault(anchor, suspicion)

    def _proposals(
        self, made: TrainerMade, name: str | None, adapter: Adapter, scene: Scene
    ) -> tuple[Proposal, ...]:
        from peft_lint.syntax.statements import Bind

        if made.model_node is not None and name is not None:
            title = "Give the trainer the PeftModel"
            return (Proposal(title, Applicability.UNSAFE, Replace(name), (made.model_node,)),)
        wrap = self._enclosed.get(adapter.node)
        if wrap is None or not isinstance(wrap.base_node, ast.Name):
            return ()
        statement = locate(scene.document.tree, wrap.node).statement
        if not isinstance(statement, ast.Expr) or statement.value is not wrap.node:
            return ()
        title = "Keep the PeftModel under the model's name"
        keep = Bind(wrap.base_node.id)
        return (Proposal(title, Applicability.UNSAFE, keep, (statement,)),)


def _saves_its_own_way(handle: int, scene: Scene) -> bool:
    """Return whether the trainer is of a class of the document that saves by itself."""
    heap = scene.world.heap
    for state in heap.values():
        if isinstance(state, Instance) and state.native is not None:
            native = heap.get(state.native)
            if isinstance(native, Trainer) and native.handle == handle:
                return state.cls.find("_save") is not None
    return False
