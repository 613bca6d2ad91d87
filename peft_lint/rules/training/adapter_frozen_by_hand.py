"""PEF405: code freezes every parameter of a model with adapters, and then trains it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.document import Document
from peft_lint.events import ParametersTouched
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Node
from peft_lint.lean import TYPE_CHECKING
from peft_lint.locations import locate
from peft_lint.rules.untrained import Untrained
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class Rule(Untrained):
    """Looks at each training of a model that code has frozen, adapters and all."""

    def __init__(self) -> None:
        super().__init__()
        self._frozen: set[Node] = set()

    def on_parameters_touched(self, event: ParametersTouched, scene: Scene) -> None:
        """Note what leaves all parameters frozen."""
        if event.on is False:
            self._frozen.add(event.node)
            self.froze(event, scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report each place that freezes what is trained afterwards."""
        for run, body in self.runs():
            for adapter in body.adapters or ():
                if adapter.frozen_by in self._frozen:
                    yield _suspicion(adapter.frozen_by, adapter, run, scene.document)
                    break


def _suspicion(frozen: Node, adapter: Adapter, run: Node, document: Document) -> Suspicion:
    return Suspicion(
        code="PEF405",
        severity=Severity.ERROR,
        message="from here on all parameters are frozen, the adapter's too, and it is then trained",
        anchor=frozen,
        story=(
            (adapter.node, "the model has its adapter from here on"),
            (frozen, "after this all of its parameters are frozen"),
            (run, "and it is trained here, where nothing of it can change"),
        ),
        cause=adapter.node,
        proposals=_proposals(frozen, adapter, document),
    )


def _proposals(frozen: Node, adapter: Adapter, document: Document) -> tuple[Proposal, ...]:
    """Propose to leave LoRA's parameters out, in a loop that has names and does nothing else."""
    config = adapter.config
    block = locate(document.tree, frozen).blocks[-1]
    loop, statement = block.owner, block.statement
    if (
        config is not None
        and config.class_name == "LoraConfig"
        and isinstance(loop, ast.For)
        and isinstance(loop.target, ast.Tuple)
        and isinstance(loop.target.elts[0], ast.Name)
        and isinstance(statement, ast.Assign)
        and block.body == [statement]
    ):
        title = "Freeze only what is no part of the adapter"
        fix = LeaveAdapterOut(loop.target.elts[0].id)
        return (Proposal(title, Applicability.UNSAFE, fix, (statement,)),)
    return ()


class LeaveAdapterOut:
    """Rewrite `parameter.requires_grad = False` so that it depends on the parameter's name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def leave_Assign(
        self, original: cst.Assign, updated: cst.Assign, rewriting: Rewriting
    ) -> cst.Assign:
        """Replace the value."""
        return updated.with_changes(value=rewriting.expression(f'"lora_" in {self._name}'))
