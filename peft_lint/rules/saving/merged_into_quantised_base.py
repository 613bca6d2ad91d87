"""PEF502: an adapter is merged into weights of 4 or 8 bits."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import Merged
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Body, Node, Weights
from peft_lint.library.inference import EVALUATES_ITSELF
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion

# By these the code itself may keep a quantised base from a merge.
_ASKING = frozenset({"is_loaded_in_4bit", "is_loaded_in_8bit", "is_quantized", "hf_quantizer"})


class Rule(OnePerPlace):
    """Looks at each merge: whether the base is known to be quantised."""

    def on_merged(self, event: Merged, scene: Scene) -> None:
        """Suspect the first merge of an adapter into a quantised base."""
        body = scene.body(event)
        if body.quantised is not True or body.escaped or body.model_class in EVALUATES_ITSELF:
            # Code out of view may give a base its full weights back; unsloth merges by itself.
            return
        adapter = next((one for one in body.active_adapters() if _is_merged(one)), None)
        if adapter is not None:
            self._found.setdefault(adapter.node, _suspicion(event.node, body, adapter))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found, unless the document asks the model whether it is quantised."""
        if not scene.names(_ASKING):
            yield from super().finish(scene)


def _is_merged(adapter: Adapter) -> bool:
    """Return whether merging an adapter surely changes weights: a LoRA with an effect."""
    config = adapter.config
    is_lora = config is None or config.class_name == "LoraConfig"
    known = adapter.in_place is True and adapter.merged is not None
    return is_lora and known and adapter.weights is not Weights.ZERO


def _suspicion(merge: Node, body: Body, adapter: Adapter) -> Suspicion:
    return Suspicion(
        code="PEF502",
        severity=Severity.WARNING,
        message=(
            "the adapter is merged into a quantised base: "
            "the merged weights are rounded to its 4 or 8 bits, and answer differently"
        ),
        anchor=merge,
        story=(
            (body.node, "the base is loaded in 4 or 8 bits here"),
            (adapter.node, "the adapter is put on it here"),
            (merge, "and merged into it here"),
        ),
        cause=adapter.node,
        proposals=(
            Proposal(
                "Load the base again without quantisation, put the adapter on it, and merge there",
                Applicability.DISPLAY,
                object(),
                (merge,),
            ),
        ),
    )
