"""PEF403: an optimizer was made before the adapter, and its steps never change that."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.events import Stepped
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Adapter, Node
from peft_lint.rules.untrained import displaced, unheld
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Suspicion


class Rule(OnePerPlace):
    """Looks at each step of an optimizer: whether it holds the adapters that can be trained."""

    def on_stepped(self, event: Stepped, scene: Scene) -> None:
        """Suspect an optimizer that can change none of the adapters that are to be trained."""
        found = None if displaced(event, scene) else unheld(event, scene)
        if found is not None and not any(one.node in found.left_out for one in found.adapters):
            made = event.optimizer.node
            suspicion = _suspicion(made, found.adapters[0], event.node, scene.document)
            self._found.setdefault(made, suspicion)


def _suspicion(made: ast.Call, adapter: Adapter, step: Node, document: Document) -> Suspicion:
    from peft_lint.rules.training.optimizer_before_wrapping_fix import proposals

    return Suspicion(
        code="PEF403",
        severity=Severity.ERROR,
        message="the optimizer is made before the adapter, whose weights it will never change",
        anchor=made,
        story=(
            (made, "the optimizer gets the model's parameters here"),
            (adapter.node, "the adapter comes only here, and freezes them"),
            (step, "so that this step changes nothing"),
        ),
        cause=made,
        proposals=proposals(made, adapter, document),
    )
