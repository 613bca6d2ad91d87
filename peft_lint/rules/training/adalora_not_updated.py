"""PEF418: an AdaLora adapter is trained, and nothing ever takes ranks from it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Escaped, Stepped, Trained, TrainerMade, Wrapped
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Body, Config, Kind, Node
from peft_lint.interpreter.values import literal
from peft_lint.rules.trainers import acts_by_itself, own_classes
from peft_lint.scene import Scene
from peft_lint.suspicion import Suspicion

# Whoever speaks of one of these, in whatever way, may take ranks away.
_MENTIONS = ("update_and_allocate", "rankallocator", "RankAllocator")
# What may be put over a method of a trainer or an optimizer.
_PUT_OVER = ("training_step", "optimizer_step", "create_optimizer", "step")
# Their trainers do not call it; those of other libraries may.
_LIBRARIES = ("transformers", "trl")
# What AdaLora starts with and comes to, unless the config says otherwise.
_INIT_R, _TARGET_R = 12, 8


class Rule:
    """Looks at the training of adapters whose config the text writes, with all that acts on it."""

    def __init__(self) -> None:
        # What each body is wrapped with, on every path.
        self._wraps: dict[tuple[int, Node], list[Wrapped]] = {}
        self._escaped: set[Node] = set()
        # Trainers that may be given more than the text says.
        self._open: set[Node] = set()
        # For each config, the body, where it got the adapter, and where that is trained.
        self._trained: dict[Node, tuple[Body, Node, Node]] = {}

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Note an adapter; a base out of view may have had others."""
        key = (scene.handle(event).body, event.before.node)
        self._wraps.setdefault(key, []).append(event)

    def on_escaped(self, event: Escaped, scene: Scene) -> None:
        """Code out of view that has the model may do it."""
        self._escaped.add(scene.body(event).node)

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Note trainers with arguments out of view."""
        if not event.complete or len(event.args) > 6:
            self._open.add(event.node)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Look at a run of a trainer; an own loop shows by the steps of its optimizer."""
        trainer = scene.trainer(event)
        if trainer is None or trainer.library not in _LIBRARIES or own_classes(event, scene):
            return
        if trainer.node not in self._open and not acts_by_itself(trainer, scene):
            self._look(event, scene)

    def on_stepped(self, event: Stepped, scene: Scene) -> None:
        """Look at an own loop; a single step may be a test."""
        if any(place.loops for place in scene.places(event)):
            self._look(event, scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what is trained in a document that never speaks of the ranks."""
        if any(word in scene.document.text for word in _MENTIONS) or scene.assigns(*_PUT_OVER):
            return
        for config, (body, wrap, run) in self._trained.items():
            if body.node not in self._escaped:
                yield _suspicion(config, wrap, run)

    def _look(self, event: Trained | Stepped, scene: Scene) -> None:
        handle, body = scene.handle(event), scene.body(event)
        # Only a PeftModel has the method.
        if handle.kind is Kind.PLAIN or body.escaped or _is_in_a_lambda(handle.body, scene):
            return
        wraps = self._wraps.get((handle.body, body.node), [])
        if body.adapters is not None:
            found = [(one.config, one.node) for one in body.adapters if one.trainable is True]
        elif all(_is_to_lose_ranks(one.config) for one in wraps):
            found = [(one.config, one.node) for one in wraps]
        else:
            found = []
        for config, node in found:
            if config is not None and _is_to_lose_ranks(config):
                self._trained.setdefault(config.node, (body, node, event.node))


def _is_in_a_lambda(body: int, scene: Scene) -> bool:
    """Return whether a lambda names a handle of a body: who gets it may run it after each step."""
    lambdas = (node for node in scene.document.nodes if isinstance(node, ast.Lambda))
    inside = (part for one in lambdas for part in ast.walk(one.body))
    named = (part for part in inside if isinstance(part, (ast.Name, ast.Attribute)))
    handles = (scene.world.handle(scene.value(one)) for one in named)
    return any(one is not None and one.body == body for one in handles)


def _is_to_lose_ranks(config: Config) -> bool:
    """Return whether the text writes a config that ends with fewer ranks than it starts with."""
    if config.class_name != "AdaLoraConfig" or config.source is not None or not config.complete:
        return False
    if config.get("rank_pattern") is not None:
        return False
    start, end = config.get("init_r"), config.get("target_r")
    known = literal(start, _INIT_R if start is None else None)
    wanted = literal(end, _TARGET_R if end is None else None)
    if isinstance(known, int) and isinstance(wanted, int):
        return wanted < known
    return start is not None and end is not None and start != end


def _suspicion(config: Node, wrap: Node, run: Node) -> Suspicion:
    made = ((wrap, "the adapter gets init_r ranks in every layer here"),)
    return Suspicion(
        code="PEF418",
        severity=Severity.WARNING,
        message="AdaLora prunes no rank: nothing calls update_and_allocate during the training",
        anchor=config,
        story=(
            (config, "target_r, tinit, tfinal, deltaT and total_step are for update_and_allocate"),
            *(() if wrap is run else made),
            (run, "and keeps all of them in this training"),
        ),
        cause=config,
    )
