"""PEF409: the adapter's start changes the base, and the trainer takes the base for reference."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import TrainerMade
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Config, Handle, Kind, Node
from peft_lint.interpreter.values import Items, Literal, Value, literal
from peft_lint.rules.guards import names_the_class
from peft_lint.rules.trainers import settings_of
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword

_FIELD = "init_lora_weights"
# Trainers that always compare with a reference, and those that do so for a `beta` above zero.
_PAIRED = ("DPOTrainer", "KTOTrainer")
_WITH_DEFAULT = ("RLOOTrainer",)
# Since when a trainer gives a PeftModel a second adapter for the reference.
_COPIES = {"DPOTrainer": "0.29", "GRPOTrainer": "0.29", "RLOOTrainer": "0.29", "KTOTrainer": "1.8"}


class Rule:
    """Looks at each trainer with a reference: how the adapter that it trains was started."""

    def __init__(self) -> None:
        self._found: dict[Node, Suspicion] = {}
        # Trainers that have a reference of their own on some path: a helper may decide on it.
        self._right: set[Node] = set()

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Suspect an adapter that took its start out of the base's weights."""
        if event.class_name not in _COPIES or not event.complete:
            return
        given = dict(event.keywords).get("peft_config")
        handle = scene.world.heap.get(event.model) if event.model is not None else None
        config = scene.world.state(given)
        wrapped = isinstance(handle, Handle) and handle.kind is Kind.PEFT
        if isinstance(handle, Handle) and wrapped:
            none = given is None or literal(given, ...) is None
            config = _config_of(handle, scene) if none else None
        if not isinstance(config, Config) or not _changes_the_base(config):
            return
        if not _compares(event, scene) or not names_the_class(event.node, scene):
            self._right.add(event.node)
        else:
            self._found.setdefault(event.node, _suspicion(event, config, wrapped, scene))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found."""
        yield from (one for node, one in self._found.items() if node not in self._right)


def _compares(event: TrainerMade, scene: Scene) -> bool:
    """Return whether a trainer surely makes its reference out of the model itself."""
    keywords = dict(event.keywords)
    state = settings_of(event, scene)
    if event.class_name in _PAIRED:
        reference = keywords.get("ref_model", event.args[1] if len(event.args) > 1 else None)
        # Of older releases: a reference that is an adapter of its own, and none at all.
        other = ("ref_adapter_name", "reference_free")
        named = any(name in keywords or (state and state.get(name)) for name in other)
        given = reference is not None and literal(reference, ...) is not None
        return not (given or named or (state and _without(state.get("loss_type"))))
    if state is None:
        none = "args" not in keywords and len(event.args) < 3
        return none and event.class_name in _WITH_DEFAULT
    beta = state.get("beta")
    if beta is None:
        return state.complete and event.class_name in _WITH_DEFAULT
    return isinstance(beta, Literal) and all(beta.values)


def _without(loss: Value | None) -> bool:
    """Return whether a loss may be the one of DPO that compares with nothing."""
    losses = loss.items if isinstance(loss, Items) else (loss,)
    return loss is not None and all(literal(one) in (None, "sft") for one in losses)


def _config_of(handle: Handle, scene: Scene) -> Config | None:
    """Return the config of a PeftModel's only adapter."""
    adapters = scene.world.body(handle).adapters or ()
    return adapters[0].config if len(adapters) == 1 else None


def _changes_the_base(config: Config) -> bool:
    """Return whether the text says a start that is taken out of the base's weights."""
    value = literal(config.get(_FIELD))
    if config.class_name != "LoraConfig" or not isinstance(value, str):
        return False
    return value in ("pissa", "olora") or value.startswith("pissa_niter_")


def _suspicion(event: TrainerMade, config: Config, wrapped: bool, scene: Scene) -> Suspicion:
    anchor = config.expression(_FIELD) or config.node
    trainer, start = event.class_name, literal(config.get(_FIELD))
    words = "takes what is left of it for the reference"
    if wrapped and scene.machine.target.at_least("trl", _COPIES[trainer]):
        words = "starts a reference adapter in the same way, which changes it once more"
    proposals: tuple[Proposal, ...] = ()
    if any(word.value is anchor for word in config.node.keywords):
        visitor, safety = RemoveKeyword(_FIELD), Applicability.UNSAFE
        proposals = (Proposal(f"Leave {_FIELD} out", safety, visitor, (config.node,)),)
    return Suspicion(
        code="PEF409",
        severity=Severity.ERROR,
        message=f"{start!r} changes the base model, and {trainer} {words}",
        anchor=anchor,
        story=(
            (anchor, "an adapter that starts like this takes its weights out of the base's"),
            (event.node, f"{trainer} {words}"),
        ),
        cause=config.node,
        proposals=proposals,
    )
