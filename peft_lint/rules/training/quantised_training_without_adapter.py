"""PEF410: a 4-bit or 8-bit model without an adapter is trained."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import Stepped, TrainerMade
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Body, Node
from peft_lint.library.inference import EVALUATES_ITSELF
from peft_lint.scene import Scene
from peft_lint.suspicion import Suspicion


class Rule:
    """Looks at trainers and optimizers that get a quantised model which surely has no adapter."""

    def __init__(self) -> None:
        # For each such place, the body on every path that leads there, None if it is right.
        self._places: dict[Node, list[tuple[Body | None, Node]]] = {}
        self._trainers: set[Node] = set()

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Look at the model that a trainer gets, unless it wraps that itself."""
        self._trainers.add(event.node)
        handle = scene.model(event)
        given = scene.world.body(handle) if handle is not None else None
        body = None if event.wraps or given is None else _bare(given)
        self._places.setdefault(event.node, []).append((body, event.node))

    def on_stepped(self, event: Stepped, scene: Scene) -> None:
        """Look at the model whose parameters an optimizer changes."""
        whole = event.optimizer.complete and all(one.whole for one in event.optimizer.held)
        body = _bare(scene.body(event)) if whole else None
        self._places.setdefault(event.optimizer.node, []).append((body, event.node))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the places that no path reaches with a model that can be trained."""
        for node, paths in self._places.items():
            bodies = [body for body, _ in paths if body is not None]
            if len(bodies) == len(paths):
                yield self._suspicion(node, bodies[0], paths[0][1])

    def _suspicion(self, node: Node, body: Body, symptom: Node) -> Suspicion:
        severity = Severity.ERROR
        if node in self._trainers:
            message = "the model is quantised and has no adapter: the trainer refuses it"
            words = "the trainer gets it here without an adapter, and raises"
        elif body.others is False:
            message = "the model is quantised, frozen and has no adapter: nothing of it is trained"
            words = "this step changes nothing"
        else:
            severity = Severity.WARNING
            message = (
                "the model is quantised and has no adapter: "
                "only its norms, embeddings and head are trained"
            )
            words = "this step changes what is not quantised"
        return Suspicion(
            code="PEF410",
            severity=severity,
            message=message,
            anchor=node,
            story=((body.node, "the model is loaded quantised here"), (symptom, words)),
            cause=body.node,
        )


def _bare(body: Body) -> Body | None:
    """Return the body if it is quantised, and nothing has put an adapter on it."""
    if body.model_class in EVALUATES_ITSELF or body.escaped or body.others is None:
        return None
    return body if body.quantised is True and body.adapters == () else None
