"""PEF503: the base model is saved while an adapter's layers sit inside it."""

from __future__ import annotations

import ast

from peft_lint.events import Saved
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Kind, Node
from peft_lint.interpreter.values import Value
from peft_lint.rules.inside import Inside, name_of_wrapper
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

_SAVES = ("save_pretrained", "push_to_hub")


class Rule(Inside):
    """Looks at each save of a plain model: whether PEFT has changed its layers in place."""

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Suspect a save of the base, or of the tuner that passes it on to the base."""
        handle, body = scene.handle(event), scene.body(event)
        if handle.kind not in (Kind.PLAIN, Kind.TUNER) or event.how not in _SAVES:
            return
        adapter = self.adapter_inside(body)
        if adapter is not None and not _chooses_weights(event.node):
            self._found.setdefault(event.node, _suspicion(event, scene, adapter))


def _chooses_weights(node: Node) -> bool:
    """Return whether the call says itself what is saved, or may."""
    return isinstance(node, ast.Call) and any(
        word.arg in (None, "state_dict") for word in node.keywords
    )


def _suspicion(event: Saved, scene: Scene, adapter: Adapter) -> Suspicion:
    return Suspicion(
        code="PEF503",
        severity=Severity.ERROR,
        message=(
            "the base model is saved with the adapter's layers inside: "
            "loaded again, the layers that were adapted have random weights"
        ),
        anchor=event.node,
        story=(
            (adapter.node, "PEFT puts the adapter into the base model's own layers here"),
            (event.node, "and the base model is saved here, under the names of those layers"),
        ),
        cause=adapter.node,
        proposals=_proposals(event, scene),
    )


def _proposals(event: Saved, scene: Scene) -> tuple[Proposal, ...]:
    from peft_lint.rules.save_instead import SaveInstead

    model = _peft_model(event, scene)
    if model is None:
        return ()
    choices = (
        ("Save the adapter, with the PeftModel's own method", ""),
        ("Merge the adapter, and save the full model", ".merge_and_unload()"),
    )
    return tuple(
        Proposal(title, Applicability.UNSAFE, SaveInstead(model + more), (event.node,))
        for title, more in choices
    )


def _peft_model(event: Saved, scene: Scene) -> str | None:
    """Return how the call, or a name in view, spells the PeftModel around the base."""
    number = scene.handle(event).body

    def fits(value: Value | None) -> bool:
        handle = scene.world.handle(value)
        return handle is not None and handle.kind is Kind.PEFT and handle.body == number

    part = event.node.func if isinstance(event.node, ast.Call) else None
    while isinstance(part, (ast.Attribute, ast.Call)):
        part = part.value if isinstance(part, ast.Attribute) else part.func
        if isinstance(part, ast.expr) and fits(scene.value(part)):
            return scene.document.source(part)
    return name_of_wrapper(number, scene)
