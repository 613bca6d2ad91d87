"""PEF408: a trainer of TRL gets a model that carries an adapter, and a config for another."""

from __future__ import annotations

from peft_lint.events import TrainerMade
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Config, Handle, Kind, Weights
from peft_lint.interpreter.values import Items, Literal, Value, literal
from peft_lint.library.trainer import second_adapter
from peft_lint.rules.trainers import release_of_trl
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword
from peft_lint.versions.specifier import key

_STARTED = (Weights.ZERO, Weights.FRESH)
_REFUSED = "0.27"


class Rule(OnePerPlace):
    """Looks at each trainer that is given a `peft_config`: what its model carries already."""

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Suspect a config beside an adapter that is surely there."""
        config = scene.world.state(dict(event.keywords).get("peft_config"))
        handle = scene.model(event)
        if event.library != "trl" or not isinstance(config, Config):
            return
        # Each release has its own way with the two, and other code asks which it is.
        if handle is None or scene.in_doubt("trl"):
            return
        body = scene.world.body(handle)
        adapter = body.adapters[-1] if body.adapters else None
        if adapter is None:
            return
        if handle.kind is Kind.PEFT:
            outcome = _outcome(event, adapter, config, scene)
        else:
            sure = handle.kind is Kind.PLAIN and not body.escaped and adapter.merged is False
            outcome = _on_base(adapter, config) if sure else None
        if outcome is not None:
            words = f"{event.class_name} {outcome}"
            suspicion = _suspicion(event, adapter, words, _proposals(event, handle, adapter, scene))
            self._found.setdefault(event.node, suspicion)


def _outcome(event: TrainerMade, adapter: Adapter, config: Config, scene: Scene) -> str | None:
    """Return what a trainer does with a PeftModel and a config, None where that is meant.

    Most older trainers merge the adapter first, as their documentation says.
    """
    release = release_of_trl(event, scene)
    what = second_adapter(event.class_name, release) if release else None
    if what == "refused":
        return "raises a ValueError" + ("" if _is_refused(scene) else f" since TRL {_REFUSED}")
    if what == "stacked":
        return "puts a second one around the first, and what is saved does not load"
    same = adapter.config is not None and adapter.config.says(config)
    return "ignores the config" if what == "ignored" and not same else None


def _is_refused(scene: Scene) -> bool:
    """Return whether every release that the project allows raises."""
    span = scene.machine.target.span("trl")
    return span is not None and key(span[0]) >= key(_REFUSED)


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
    release = release_of_trl(event, scene)
    lowest = scene.machine.target.lowest("trl") or release
    refused = all(one is not None and key(one) >= key(_REFUSED) for one in (release, lowest))
    safe = refused and adapter.weights in _STARTED
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
