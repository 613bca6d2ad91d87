"""PEF509: LoRA weights are unloaded while they are fused into a pipeline, and stay there."""

from __future__ import annotations

import ast

from peft_lint.events import LoraChanged
from peft_lint.finding import Applicability, Severity
from peft_lint.locations import locate
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion


class Rule(OnePerPlace):
    """Looks at what follows an unload of fused weights: whether they were to be gone."""

    def on_lora_changed(self, event: LoraChanged, scene: Scene) -> None:
        """Suspect a pipeline that is to be as before, or that takes one adapter after another.

        Weights that are fused once, to stay, are unloaded in the same way.
        """
        next_one = event.how == "load_lora_weights" and event.again and event.used
        if event.lost is None or event.fused is None:
            return
        if next_one or event.how == "unfuse_lora":
            suspicion = _suspicion(event, event.fused, event.lost, scene)
            self._found.setdefault(event.lost, suspicion)


def _suspicion(event: LoraChanged, fused: ast.expr, lost: ast.expr, scene: Scene) -> Suspicion:
    late = event.how == "unfuse_lora"
    last = "there is nothing left to take out here" if late else "and the next adapter comes on top"
    return Suspicion(
        code="PEF509",
        severity=Severity.ERROR,
        message=(
            "the adapter is unloaded while it is fused: "
            "its weights stay in the pipeline and cannot be taken out any more"
        ),
        anchor=lost,
        story=(
            (fused, "the adapter is added to the pipeline's own weights here"),
            (lost, "it is forgotten here, and its weights stay"),
            (event.node, last),
        ),
        cause=lost,
        proposals=_proposals(event, lost, scene),
    )


def _proposals(event: LoraChanged, lost: ast.expr, scene: Scene) -> tuple[Proposal, ...]:
    from peft_lint.rules.saving.fused_adapter_unloaded_fix import TakeOutFirst

    late = _next_statement(event, lost, scene)
    safety = Applicability.UNSAFE if late is None else Applicability.SAFE
    title = "Take the adapter out of the weights before it is unloaded"
    return (Proposal(title, safety, TakeOutFirst(late), (lost,)),)


def _next_statement(event: LoraChanged, lost: ast.expr, scene: Scene) -> ast.stmt | None:
    """Return the statement of a plain `unfuse_lora` that follows the unload at once, if it does."""
    block = locate(scene.document.tree, lost).blocks[-1]
    position = block.body.index(block.statement) + 1
    following = block.body[position] if position < len(block.body) else None
    if event.how != "unfuse_lora" or event.node.args or event.node.keywords:
        return None
    if not isinstance(following, ast.Expr) or following.value is not event.node:
        return None
    one, other = event.node.func, getattr(lost, "func", None)
    if not isinstance(one, ast.Attribute) or not isinstance(other, ast.Attribute):
        return None
    return following if ast.dump(one.value) == ast.dump(other.value) else None
