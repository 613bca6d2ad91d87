"""PEF202: tokens are drawn at random and nothing on any path seeds the generator."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Inference
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Node
from peft_lint.lean import TYPE_CHECKING
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class Rule:
    """Collects sampling calls; one that any world reaches seeded is none."""

    def __init__(self) -> None:
        self._unseeded: dict[Inference, bool] = {}
        self._starts: dict[Inference, Node] = {}

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """Note on which worlds a sampling call runs without a seed."""
        context = scene.context
        if context.entry is not None or context.interactive or event.streams:
            # Whoever calls this function may seed; in a conversation variety is wanted.
            return
        unseeded = event.sampling is True and scene.world.seeded is False
        if event.how == "pipeline" and scene.assigns("do_sample", "generation_config"):
            # What is set on the model holds for a pipeline that is told nothing.
            return
        self._unseeded[_place(event)] = self._unseeded.get(_place(event), True) and unseeded
        # Seeded once in the module, rounds of a loop and calls of a helper differ as before.
        first = scene.places(event)[0]
        start = (*first.loops, first.node)[0]
        if isinstance(start, ast.expr | ast.stmt):
            self._starts.setdefault(_place(event), start)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the first sampling call; seeding before it covers those that follow."""
        for event, unseeded in self._unseeded.items():
            if unseeded:
                yield _suspicion(event, self._starts.get(event, event.node))
                return


def _place(event: Inference) -> Inference:
    """Return one key for a call, whichever model and settings it had."""
    return Inference(event.node, 0, event.how, event.receiver, None)


def _suspicion(event: Inference, start: Node) -> Suspicion:
    return Suspicion(
        code="PEF202",
        severity=Severity.INFO,
        message="tokens are sampled and nothing seeds the random generator: no two runs agree",
        anchor=event.node,
        story=((event.node, "tokens are sampled here"),),
        cause=event.node,
        proposals=(
            Proposal(
                "Seed with transformers.set_seed before the first sampling call",
                Applicability.UNSAFE,
                SeedFirst(start),
                (event.node,),
            ),
        ),
    )


class SeedFirst:
    """Insert `set_seed(0)` before the statement of the module that leads to sampling."""

    def __init__(self, start: Node) -> None:
        self._start = start

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line under the name that the document has for it."""
        seed = rewriting.spelling("transformers.set_seed")
        rewriting.insert_before(self._start, f"{seed}(0)")
