"""PEF408: a trainer of TRL gets a model that carries an adapter, and a config for another."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import TrainerMade
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Config, Handle, Kind, Node, Weights
from peft_lint.interpreter.values import Items, Literal, Value, literal
from peft_lint.rules.trainers import takes
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword
from peft_lint.versions.specifier import key

_STARTED = (Weights.ZERO, Weights.FRESH)
_RAISES = "raises a ValueError"


class Rule:
    """Looks at each trainer that is given a `peft_config`: what its model carries already."""

    def __init__(self) -> None:
        self._found: dict[Node, Suspicion] = {}

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Suspect a config beside an adapter that is surely there."""
        config = scene.world.state(dict(event.keywords).get("peft_config"))
        handle = scene.world.heap.get(event.model) if event.model is not None else None
        if event.library != "trl" or not isinstance(config, Config):
            return
        # Each release has its own way with the two, and other code asks which it is.
        if not isinstance(handle, Handle) or scene.in_doubt("trl"):
            return
        body = scene.world.body(handle)
        adapter = body.adapters[-1] if body.adapters else None
        if adapter is None:
            return
        if handle.kind is Kind.PEFT:
            known = takes(event, scene)
            outcome = _outcome(event.class_name, adapter, config, scene) if known else None
        else:
            sure = handle.kind is Kind.PLAIN and not body.escaped and adapter.merged is False
            outcome = _on_base(adapter, config) if sure else None
        if outcome is not None:
            words = f"{event.class_name} {outcome}"
            suspicion = _suspicion(event, adapter, words, _proposals(event, handle, adapter, scene))
            self._found.setdefault(event.node, suspicion)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found."""
        yield from self._found.values()


def _outcome(trainer: str, adapter: Adapter, config: Config, scene: Scene) -> str | None:
    """Return what a trainer does with a PeftModel and a config, None where that is meant.

    Up to 0.26 most trainers merge the adapter first, as their documentation says.
    """
    target = scene.machine.target
    if target.at_least("trl", "0.27"):
        return _RAISES
    if trainer != "SFTTrainer" or target.at_least("trl", "0.22"):
        return None
    if target.at_least("trl", "0.20"):
        return "puts a second adapter around the first"
    same = adapter.config is not None and adapter.config.says(config)
    return None if same else "ignores the config"


def _on_base(adapter: Adapter, config: Config) -> str | None:
    """Return what becomes of an adapter inside the base that a trainer wraps, None if nothing."""
    if adapter.in_place is not True:
        return None
    if adapter.name == "default" and adapter.weights in (Weights.LOADED, Weights.TRAINED):
        return "replaces the trained adapter in the model's layers by a fresh one"
    first = adapter.config
    if first is None or not (first.complete and config.complete) or not _leaves(first, config):
        return None
    return "leaves some of the first adapter's layers in the model"


def _leaves(first: Config, second: Config) -> bool:
    """Return whether the first config surely adapts layers that the second does not."""
    old, new = first.get("target_modules"), _names(second.get("target_modules"))
    if new is None:
        return False
    names = _names(old)
    if names is None:
        return literal(old) == "all-linear"
    return not names <= new


def _names(value: Value | None) -> frozenset[object] | None:
    """Return the names in a list that the text gives in full, None for anything else."""
    if not isinstance(value, Items) or not value.exact:
        return None
    if not all(isinstance(item, Literal) and item.single for item in value.items):
        return None
    return frozenset(literal(item) for item in value.items)


def _proposals(
    event: TrainerMade, handle: Handle, adapter: Adapter, scene: Scene
) -> tuple[Proposal, ...]:
    if handle.kind is not Kind.PEFT or not any(
        word.arg == "peft_config" for word in event.node.keywords
    ):
        return ()
    target = scene.machine.target
    lowest = target.lowest("trl") or target.release("trl")
    raises = key(lowest) >= key("0.27")
    safe = raises and adapter.weights in _STARTED
    return (
        Proposal(
            "Remove peft_config: the model has its adapter",
            Applicability.SAFE if safe else Applicability.UNSAFE,
            RemoveKeyword("peft_config"),
            (event.node,),
        ),
    )


def _suspicion(
    event: TrainerMade, adapter: Adapter, words: str, proposals: tuple[Proposal, ...]
) -> Suspicion:
    anchor = next((w.value for w in event.node.keywords if w.arg == "peft_config"), event.node)
    return Suspicion(
        code="PEF408",
        severity=Severity.ERROR,
        message=f"the model has an adapter and peft_config asks for another: {words}",
        anchor=anchor,
        story=(
            (adapter.node, "the model gets its adapter here"),
            (anchor, f"with a config beside it, {words}"),
        ),
        cause=event.node,
        proposals=proposals,
    )
