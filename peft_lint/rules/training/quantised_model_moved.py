"""PEF422: a quantised model is cast to another dtype, or moved in a way that it refuses."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Converted, ModelLoaded
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Arguments, Body, Kind, Node
from peft_lint.interpreter.values import Symbol, Value, literal
from peft_lint.library.inference import EVALUATES_ITSELF
from peft_lint.rules.guards import blocks_around
from peft_lint.rules.paths import Paths
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

# What transformers refuses; `bfloat16()` and `double()` it does not guard (C9).
_CASTS = ("half", "float")
_DTYPES = frozenset(
    "float16 half bfloat16 float32 float float64 double int8 uint8 int16 int32 int64".split()
)


class Rule:
    """Looks at casts and moves of models that are surely quantised."""

    def __init__(self) -> None:
        # For each such call, what it does on every path that leads there, None if it is right.
        self._calls: dict[Node, list[Suspicion | None]] = {}
        self._loads = Paths()

    def on_model_loaded(self, event: ModelLoaded, scene: Scene) -> None:
        """Note on which path a model is loaded."""
        self._loads.note(event.node, scene)

    def on_converted(self, event: Converted, scene: Scene) -> None:
        """Suspect a cast, or a move that an 8-bit model refuses."""
        body, kind = scene.body(event), scene.handle(event).kind
        suspicion = None
        known = body.quantised is True and not body.escaped
        # A condition may ask, in whatever words, whether the model is quantised.
        sure = known and self._loads.lead_here(body.node, scene)
        if sure and body.model_class not in EVALUATES_ITSELF:
            suspicion = _suspicion(event, body, kind, scene)
        self._calls.setdefault(event.node, []).append(suspicion)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the calls that no path reaches with another model."""
        for node, found in self._calls.items():
            first = found[0]
            if first is None or None in found or _is_tried(node, scene):
                continue
            yield first


def _suspicion(event: Converted, body: Body, kind: Kind, scene: Scene) -> Suspicion | None:
    casts = event.how in _CASTS or (event.how == "to" and any(map(_is_dtype, event.given)))
    if kind is Kind.PLAIN and casts:
        message = "a quantised model cannot be cast to another dtype: this raises"
    elif kind is Kind.PLAIN and event.how == "cuda" and _is_8_bit(body, scene):
        message = "an 8-bit model is where it belongs, and cuda() raises"
    elif kind is Kind.PEFT and casts:
        message = "the cast changes the adapter's weights, and of the base what is not quantised"
    else:
        return None
    refused = kind is Kind.PLAIN
    words = "and is cast or moved here" if refused else "and is cast here, with its adapter"
    return Suspicion(
        code="PEF422",
        severity=Severity.ERROR if refused else Severity.INFO,
        message=message,
        anchor=event.node,
        story=((body.node, "the model is loaded quantised here"), (event.node, words)),
        cause=event.node,
        proposals=_proposals(event.node) if refused else (),
    )


def _proposals(node: Node) -> tuple[Proposal, ...]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return ()
    from peft_lint.rules.leaving_out import LeaveOut

    fix = LeaveOut(node.func.value)
    return (Proposal("Leave the call out", Applicability.SAFE, fix, (node,)),)


def _is_tried(node: Node, scene: Scene) -> bool:
    """Return whether the code may expect that the call raises: in a `try` or a `with`."""
    return any(isinstance(owner, (ast.Try, ast.With)) for owner in blocks_around(node, scene))


def _is_dtype(value: Value) -> bool:
    if not isinstance(value, Symbol):
        return False
    module, _, name = value.name.rpartition(".")
    return module == "torch" and name in _DTYPES


def _is_8_bit(body: Body, scene: Scene) -> bool:
    """Return whether the call that loaded a model says 8 bit."""
    given = dict(body.arguments)
    settings = scene.world.state(given.get("quantization_config"))
    if isinstance(settings, Arguments):
        return literal(settings.get("load_in_8bit")) is True
    return literal(given.get("load_in_8bit")) is True
