"""PEF419: a model that is not quantised is prepared for k-bit training, which freezes it."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint import knowledge
from peft_lint.events import (
    Converted,
    ModelEvent,
    ModelLoaded,
    Prepared,
    Resized,
    Stepped,
    Trained,
)
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Node, Steps
from peft_lint.interpreter.values import Literal, Value, literal
from peft_lint.library.dtypes import loaded_as
from peft_lint.rules.paths import Paths
from peft_lint.rules.trainers import acts_by_itself, maker
from peft_lint.rules.untrained import driven, stepped
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

# With these from_pretrained may give a quantised model whatever the id.
_OTHER_WAYS = ("config", "gguf_file", "hf_quantizer")
# Whoever sets one of these has quantised the model by hand.
_MARKS = ("is_loaded_in_4bit", "is_loaded_in_8bit", "is_quantized", "quantization_method")
_HALVES = ("float16", "bfloat16")
_MOVES = ("cuda", "cpu", "xpu", "npu")


class Rule:
    """Looks at each preparation of a plain model, and at what is trained afterwards."""

    def __init__(self) -> None:
        # Where each model is loaded that is surely not quantised.
        self._loads = Paths()
        # For each preparation, the model on every path that leads there, None if it may be k-bit.
        self._prepared: dict[Node, list[tuple[Prepared, Body | None]]] = {}
        self._by: dict[tuple[int, Node], Node] = {}
        # For each place of training, what froze all that is trained there, on every path.
        self._places: dict[Node, list[Node | None]] = {}
        self._cast: set[Node] = set()

    def on_model_loaded(self, event: ModelLoaded, scene: Scene) -> None:
        """Note on which path a model is loaded unquantised."""
        if _is_plain(scene.body(event)):
            self._loads.note(event.node, scene)

    def on_prepared(self, event: Prepared, scene: Scene) -> None:
        """Note a preparation; a condition before it may be about the quantisation."""
        before = event.before
        sure = self._loads.lead_here(before.node, scene)
        plain = sure and _is_plain(before) and not scene.assigns(*_MARKS)
        self._prepared.setdefault(event.node, []).append((event, before if plain else None))
        self._by[self._key(event, scene)] = event.node

    def on_resized(self, event: Resized, scene: Scene) -> None:
        """Not every release keeps embeddings of another size frozen."""
        self._by.pop(self._key(event, scene), None)

    def on_converted(self, event: Converted, scene: Scene) -> None:
        """Who casts a model decides on its size."""
        moved = event.how == "to" and all(_is_device(one, scene) for one in event.given)
        if event.how not in _MOVES and not moved:
            self._cast.add(scene.body(event).node)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Look at a run of a trainer; an own loop shows by the steps of its optimizer."""
        trainer = scene.trainer(event)
        if trainer is not None:
            own = acts_by_itself(trainer, scene)
            self._reach(event, None if own else driven(event, scene), scene)

    def on_stepped(self, event: Stepped, scene: Scene) -> None:
        """Look at a step of an own loop."""
        self._reach(event, stepped(event, scene), scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the preparations whose model no path has quantised."""
        runs = {by[0]: node for node, by in self._places.items() if len(set(by)) == 1}
        for node, paths in self._prepared.items():
            event, body = paths[0]
            if body is None or any(other is None for _, other in paths):
                continue
            run = runs.get(node)
            if run is None and (body.node in self._cast or not _is_half(body)):
                continue
            yield _suspicion(event, body, run)

    def _reach(self, event: Trained | Stepped, body: Body | None, scene: Scene) -> None:
        frozen = body is not None and body.adapters == () and body.others is False
        by = self._by.get(self._key(event, scene)) if frozen else None
        self._places.setdefault(event.node, []).append(by)

    @staticmethod
    def _key(event: ModelEvent, scene: Scene) -> tuple[int, Node]:
        return scene.handle(event).body, scene.body(event).node


def _is_plain(body: Body) -> bool:
    """Return whether a model is a well-known one with its full weights, and has no adapter."""
    source = literal(body.checkpoint)
    known = isinstance(source, str) and knowledge.unquantised(source)
    given = dict(body.arguments)
    full = body.quantised is False and given.keys().isdisjoint(_OTHER_WAYS)
    return known and full and body.adapters == () and not body.escaped


def _is_device(value: Value, scene: Scene) -> bool:
    if isinstance(value, Literal):
        return all(isinstance(one, str) for one in value.values)
    return (maker(value, scene) or ("",))[0] == "torch.device"


def _is_half(body: Body) -> bool:
    return any(loaded_as(body, dtype) for dtype in _HALVES)


def _suspicion(event: Prepared, body: Body, run: Node | None) -> Suspicion:
    message = "the model is not quantised: this makes its 16-bit weights twice as large"
    steps: Steps = ((event.node, "and its weights become float32 here"),)
    if run is not None:
        message = "the model is not quantised and has no adapter: this only freezes all of it"
        words = "every parameter is frozen here, and no adapter follows"
        steps = ((event.node, words), (run, "so that this training changes nothing"))
    return Suspicion(
        code="PEF419",
        severity=Severity.INFO if run is None else Severity.ERROR,
        message=message,
        anchor=event.node,
        story=((body.node, "the model is loaded here, and not quantised"), *steps),
        cause=event.node,
        proposals=_proposals(event),
    )


def _proposals(event: Prepared) -> tuple[Proposal, ...]:
    if event.model_node is None:
        return ()
    from peft_lint.rules.leaving_out import LeaveOut

    fix = LeaveOut(event.model_node)
    return (Proposal("Leave the call out", Applicability.UNSAFE, fix, (event.node,)),)
