"""PEF406: weights that are float16 are trained under fp16 AMP, whose scaler refuses them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import (
    Accelerated,
    AdapterLoaded,
    Converted,
    ParametersTouched,
    Stepped,
    Trained,
    Wrapped,
)
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Body, Node, Optimizer
from peft_lint.rules.amp import (
    by_accelerator,
    by_scaler,
    by_trainer,
    scales_otherwise,
    takes_all,
    unscales,
)
from peft_lint.rules.guards import expects
from peft_lint.rules.half_weights import Half, HalfWeights, casts_parts, gives_away
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion


class Rule(OnePerPlace):
    """Follows the dtype of a base, and of the adapter on it, to where fp16 AMP trains it."""

    def __init__(self) -> None:
        super().__init__()
        self._weights = HalfWeights()
        # Optimizers that an accelerator steps by its scaler, with the accelerator.
        self._prepared: dict[Node, Node] = {}
        self._followed: set[Node] = set()
        self._touched: set[Node] = set()

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Note what is trained in the dtype of the base."""
        self._weights.on_wrapped(event, scene)

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Note the casts that a loaded adapter came too late for."""
        self._weights.on_adapter_loaded(event, scene)

    def on_converted(self, event: Converted, scene: Scene) -> None:
        """Note which casts are in the body's state."""
        self._followed.add(event.node)

    def on_parameters_touched(self, event: ParametersTouched, scene: Scene) -> None:
        """The code freezes weights after wrapping: which ones is not known."""
        body = scene.body(event)
        if body.adapters != () and event.on is not True:
            self._touched.add(body.node)

    def on_accelerated(self, event: Accelerated, scene: Scene) -> None:
        """Note the optimizers that are prepared together with a model."""
        accelerator = by_accelerator(event.node, scene)
        call = event.node
        if accelerator is not None and isinstance(call, ast.Call):
            states = (scene.world.state(scene.value(one)) for one in call.args)
            made = (state.node for state in states if isinstance(state, Optimizer))
            self._prepared.update(dict.fromkeys(made, accelerator))

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Suspect a run of a trainer."""
        found = by_trainer(event, scene)
        if found is None or expects(event, scene, "ValueError"):
            return
        amp, trainer = found
        body = scene.body(event)
        half = self._weights.find(body)
        # TRL gives the adapter of a quantised model bfloat16.
        if half is None or (trainer.library == "trl" and body.quantised is not False):
            return
        wraps = any(word.arg == "peft_config" for word in trainer.node.keywords)
        if wraps == (half.adapter.node is trainer.node):
            from peft_lint.rules.training.half_precision_weights_under_amp_fix import in_trainer

            proposals = () if wraps else in_trainer(trainer.node)
            self._report(half, amp, trainer.node, event.node, proposals, body, scene)

    def on_stepped(self, event: Stepped, scene: Scene) -> None:
        """Suspect a step by a scaler, of an optimizer that holds all of the model."""
        amp = by_scaler(event.node, scene) or self._prepared.get(event.optimizer.node)
        made, document = event.optimizer, scene.document
        if amp is None or not (unscales(made) and takes_all(made, document)):
            return
        number, heap = scene.handle(event).body, scene.world.heap
        whole = [one for one in event.optimizer.held if one.whole]
        mine = [one for one in whole if getattr(heap.get(one.handle), "body", None) == number]
        body = scene.body(event)
        half = self._weights.find(body, {node for one in mine for node in one.adapters or ()})
        if half is not None and not expects(event, scene, "ValueError"):
            from peft_lint.rules.training.half_precision_weights_under_amp_fix import in_loop

            self._report(half, amp, event.node, event.node, in_loop(made.node), body, scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found, unless the code casts or scales in ways of its own."""
        if not self._found or scales_otherwise(scene):
            return
        if not casts_parts(scene.document, self._followed) and not gives_away(scene):
            yield from super().finish(scene)

    def _report(
        self,
        half: Half,
        amp: Node,
        anchor: Node,
        end: Node,
        proposals: tuple[Proposal, ...],
        body: Body,
        scene: Scene,
    ) -> None:
        if body.node in self._touched:
            return
        if body.quantised is not False or not scene.machine.target.at_least("peft", "0.8"):
            proposals = ()
        suspicion = Suspicion(
            code="PEF406",
            severity=Severity.WARNING,
            message=(
                "float16 weights are trained under fp16 AMP: "
                "its scaler raises, `Attempting to unscale FP16 gradients`"
            ),
            anchor=anchor,
            story=(
                *half.steps,
                (amp, "fp16 AMP scales the loss, and unscales the gradients"),
                (end, "which are float16 here as well, and refused"),
            ),
            cause=half.adapter.node,
            proposals=proposals,
        )
        self._found.setdefault(anchor, suspicion)
