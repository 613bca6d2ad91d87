"""PEF301: a new head is neither trained nor saved, because the config does not name it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import ParametersTouched, Saved, Wrapped
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Body, Node
from peft_lint.interpreter.values import Value
from peft_lint.lean import Record
from peft_lint.names import method_of
from peft_lint.rules.heads import added_by_task, how_new, left_out, reported_heads
from peft_lint.rules.own_paths import is_own_path
from peft_lint.rules.targets import names_in
from peft_lint.scene import Scene
from peft_lint.suspicion import Suspicion

# Adapters whose configs have modules_to_save; prompt learning leaves the base as it is.
_CONFIGS = frozenset(
    "LoraConfig AdaLoraConfig LoHaConfig LoKrConfig OFTConfig BOFTConfig IA3Config VeraConfig "
    "FourierFTConfig HRAConfig VBLoRAConfig RandLoraConfig LNTuningConfig".split()
)

# Methods of a part of the model that give it other weights.
_FILLS = ("load_state_dict", "copy_")


class Candidate(Record):
    """A config that met a model whose new head it leaves out.

    `reported` tells that the saved output of a notebook named the new modules.
    """

    event: Wrapped
    body: Body
    missing: tuple[str, ...]
    named: tuple[str, ...]
    severity: Severity
    reported: bool


class Rule:
    """Looks at configs when they meet a model; code that sees to the head itself discharges."""

    def __init__(self) -> None:
        self._candidates: dict[tuple[object, object], Candidate] = {}
        self._seen_to: set[Node] = set()
        # Configs that name the head, or may, on another path to the same wrap.
        self._named: set[tuple[object, object]] = set()
        self._saved: list[Value | None] = []

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Compare the model's new head with what the config trains and saves."""
        body, config = scene.body(event), event.config
        if config.class_name not in _CONFIGS or config.source is not None or not config.complete:
            return
        place = (config.node, body.node)
        named = names_in(config.get("modules_to_save"))
        reported = reported_heads(body, scene)
        severity = how_new(body, reported)
        added = added_by_task(event, config, scene)
        if named is None or severity is None or added is None:
            self._named.add(place)
            return
        missing = left_out(body, (*named, *added), reported)
        if missing is None or _given(missing, scene):
            self._named.add(place)
            return
        candidate = Candidate(event, body, missing, named, severity, reported is not None)
        self._candidates.setdefault(place, candidate)

    def on_parameters_touched(self, event: ParametersTouched, scene: Scene) -> None:
        """The code unfreezes or saves parameters by itself: the head may be among them."""
        body, method = scene.body(event), method_of(event.node)
        filled = method is not None and method.attr in _FILLS
        if body.adapters != () or filled:
            # Before there is an adapter, to unfreeze changes nothing: it freezes them again.
            self._seen_to.add(body.node)

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Note where a model is saved, of which any may be loaded again."""
        self._saved.append(event.path)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what is left."""
        for place, candidate in self._candidates.items():
            body = candidate.body
            own = body.checkpoint in self._saved or is_own_path(body.checkpoint, scene)
            trained = own and candidate.severity is Severity.WARNING
            if place not in self._named and body.node not in self._seen_to and not trained:
                yield _suspicion(candidate)


def _given(heads: tuple[str, ...], scene: Scene) -> bool:
    """Return whether the document puts modules of its own in the head's place.

    New layers are as new as the head was; `Identity` has no weights, anything else may have
    been trained.
    """
    for node in scene.document.nodes:
        if isinstance(node, ast.Assign):
            names = {one.attr for one in node.targets if isinstance(one, ast.Attribute)}
            if not names.isdisjoint(heads):
                made = scene.symbol(node.value.func) if isinstance(node.value, ast.Call) else None
                if made is None or not made.startswith("torch.") or made.endswith(".Identity"):
                    return True
    return False


def _suspicion(candidate: Candidate) -> Suspicion:
    from peft_lint.rules.configuration.head_not_saved_fix import proposals

    event, body = candidate.event, candidate.body
    what = _listed(candidate.missing) if candidate.missing else "the head"
    verb = "are" if len(candidate.missing) > 1 else "is"
    seen = ", as the saved output says," if candidate.reported else ","
    loaded = (
        "its saved output names what is new"
        if candidate.reported
        else "with a head of random weights"
    )
    return Suspicion(
        code="PEF301",
        severity=candidate.severity,
        message=(
            f"{what} of the {_words(body)} {verb} new{seen} "
            "but neither trained nor saved with the adapter"
        ),
        anchor=event.config.node,
        story=(
            (body.node, f"the model is loaded here, {loaded}"),
            (event.config.node, "this config does not name the head"),
            (event.node, "the model gets the adapter here, and its head is frozen"),
        ),
        cause=event.config.node,
        proposals=proposals(candidate),
    )


def _listed(names: tuple[str, ...]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _words(body: Body) -> str:
    """Return a task in words: "sequence classification model"."""
    parts = "".join(f" {char.lower()}" if char.isupper() else char for char in body.task or "")
    return f"{parts.strip()} model"
