"""PEF421: a setting of the trainer that a method of prompt learning does not go with."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import Trained
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Arguments, Body, Config, Node, Trainer
from peft_lint.interpreter.values import literal
from peft_lint.lean import Record
from peft_lint.rules.guards import expects
from peft_lint.rules.trainers import keeps_checkpoints, loads_by_hand, spelled
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import AddKeyword, ReplaceKeyword, gives

_CHECKPOINTS, _BEST = "gradient_checkpointing", "load_best_model_at_end"
# The tasks of which models were measured with prefixes and checkpoints.
_TASKS = ("CausalLM", "Seq2SeqLM")
_SWITCH = "gradient_checkpointing_disable"


class Conflict(Record):
    """A setting, what it does to the prompts in words, and where the text gives it."""

    setting: str
    words: str
    anchor: Node


class Rule(OnePerPlace):
    """Looks at each training: which method it trains, and with which settings."""

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Suspect settings that break the training of the active adapter, or its end."""
        trainer, body = scene.trainer(event), scene.body(event)
        if trainer is None or trainer.library not in ("transformers", "trl"):
            return
        active = body.active_adapters()
        config = active[0].config if len(active) == 1 else None
        if config is None or not config.complete or body.escaped:
            return
        settings = scene.world.state(trainer.arguments)
        known = settings if isinstance(settings, Arguments) else None
        if known is None and trainer.arguments is not None:
            return
        conflict = _conflict(config, body, trainer, known, scene)
        if conflict is not None and not expects(event, scene, "RuntimeError"):
            suspicion = _suspicion(event, config, conflict, known)
            self._found.setdefault(suspicion.anchor, suspicion)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what the document does not settle by itself."""
        if self._found and not loads_by_hand(scene) and _SWITCH not in scene.document.text:
            yield from super().finish(scene)


def _conflict(
    config: Config, body: Body, trainer: Trainer, settings: Arguments | None, scene: Scene
) -> Conflict | None:
    prefix = config.class_name == "PrefixTuningConfig"
    if prefix and body.task in _TASKS:
        on = settings.get(_CHECKPOINTS) if settings is not None else None
        words = "prefixes are lost in checkpointed layers: the training raises a RuntimeError"
        if settings is not None and literal(on) is True:
            return Conflict(_CHECKPOINTS, words, spelled(settings, _CHECKPOINTS))
        # TRL checkpoints unless it is told not to.
        default = trainer.class_name == "SFTTrainer" and scene.machine.target.at_least(
            "trl", "0.24"
        )
        if on is None and default and (settings is None or settings.complete):
            made = trainer.node if settings is None else settings.node
            return Conflict(_CHECKPOINTS, words, made)
    if settings is None or literal(settings.get(_BEST)) is not True:
        return None
    if not settings.complete or not keeps_checkpoints(settings, trainer, scene):
        return None
    anchor = spelled(settings, _BEST)
    if prefix and literal(config.get("prefix_projection")) is True:
        words = "a checkpoint has projected prefixes, which cannot be loaded for training"
        return Conflict(_BEST, words, anchor)
    if config.class_name == "PromptEncoderConfig":
        words = "a checkpoint has encoded prompts, which are encoded once more when it is loaded"
        return Conflict(_BEST, words, anchor)
    return None


def _suspicion(
    event: Trained, config: Config, conflict: Conflict, settings: Arguments | None
) -> Suspicion:
    proposals: tuple[Proposal, ...] = ()
    setting, anchor = conflict.setting, conflict.anchor
    if settings is not None:
        visitor: AddKeyword | ReplaceKeyword | None = None
        if anchor is settings.node:
            visitor = AddKeyword(setting, "False")
        elif gives(settings.node, anchor):
            visitor = ReplaceKeyword(setting, "False")
        if visitor is not None:
            title, safety = f"Set {setting}=False", Applicability.UNSAFE
            proposals = (Proposal(title, safety, visitor, (settings.node,)),)
    return Suspicion(
        code="PEF421",
        severity=Severity.ERROR,
        message=f"{setting} with {config.class_name}: {conflict.words}",
        anchor=anchor,
        story=(
            (config.node, "the prompts are configured here"),
            (anchor, f"{setting} is on in these settings"),
            (event.node, conflict.words),
        ),
        cause=config.node,
        proposals=proposals,
    )
