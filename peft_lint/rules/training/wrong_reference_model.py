"""PEF409: the adapter's start changes the base that is the reference, or TRL refuses another."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import TrainerMade
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Config, Handle, Kind, Node
from peft_lint.interpreter.values import is_given, literal
from peft_lint.rules.guards import expects, names_the_class
from peft_lint.rules.references import compares, reference_of, refuses_reference
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword, Replace, gives

_FIELD = "init_lora_weights"
# Since when a trainer gives a PeftModel a second adapter for the reference.
_COPIES = {"DPOTrainer": "0.29", "GRPOTrainer": "0.29", "RLOOTrainer": "0.29", "KTOTrainer": "1.8"}


class Rule:
    """Looks at each trainer with a reference: how the adapter that it trains was started."""

    def __init__(self) -> None:
        self._found: dict[Node, Suspicion] = {}
        # Trainers that have a reference of their own on some path: a helper may decide on it.
        self._right: set[Node] = set()
        # Those that a release refuses, or None where it does not on some path.
        self._refused: dict[Node, Suspicion | None] = {}

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Suspect a refused reference, and an adapter that took its start out of the base's."""
        if event.class_name not in _COPIES:
            return
        given = dict(event.keywords).get("peft_config")
        handle = scene.model(event)
        config = scene.world.state(given)
        if isinstance(config, Config) and _is_refused(event, scene):
            self._refused.setdefault(event.node, _refusal(event, config, scene))
        else:
            self._refused[event.node] = None
        wrapped = handle is not None and handle.kind is Kind.PEFT
        if handle is not None and wrapped:
            config = None if is_given(given) else _config_of(handle, scene)
        if not (event.complete and isinstance(config, Config) and _changes_the_base(config)):
            return
        if not compares(event, scene) or not names_the_class(event.node, scene):
            self._right.add(event.node)
        else:
            self._found.setdefault(event.node, _suspicion(event, config, wrapped, scene))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found."""
        yield from (one for node, one in self._found.items() if node not in self._right)
        yield from filter(None, self._refused.values())


def _is_refused(event: TrainerMade, scene: Scene) -> bool:
    """Return whether a reference that is surely there is an error, and no code reckons with it."""
    reference = reference_of(event)
    is_there = isinstance(scene.world.state(reference), Handle) or bool(literal(reference))
    sure = is_there and refuses_reference(event, scene) and names_the_class(event.node, scene)
    patched = scene.assigns("__init__", "_prepare_peft_model")
    return sure and not patched and not expects(event, scene, "ValueError", "Exception")


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
    if gives(config.node, anchor):
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


def _refusal(event: TrainerMade, config: Config, scene: Scene) -> Suspicion:
    anchor: Node = event.node
    proposals: tuple[Proposal, ...] = ()
    title, unsafe = "Leave the reference to the trainer", Applicability.UNSAFE
    word = next((one for one in event.node.keywords if one.arg == "ref_model"), None)
    if word is not None:
        anchor = word.value
        proposals = (Proposal(title, unsafe, RemoveKeyword("ref_model"), (event.node,)),)
    elif len(event.node.args) > 1:
        anchor = event.node.args[1]
        proposals = (Proposal(title, unsafe, Replace("None"), (anchor,)),)
    release = scene.machine.target.release("trl")
    return Suspicion(
        code="PEF409",
        severity=Severity.ERROR,
        message=f"DPOTrainer of TRL {release} raises a ValueError: no ref_model beside peft_config",
        anchor=anchor,
        story=(
            (config.node, "with a config, the base without the adapter is the reference"),
            (anchor, "and a model for it is refused"),
        ),
        cause=event.node,
        proposals=() if _changes_the_base(config) else proposals,
    )
