"""What trainers of TRL compare the model with, and when DPO refuses a reference of its own."""

from __future__ import annotations

from peft_lint.events import TrainerMade
from peft_lint.interpreter.values import Items, Literal, Value, is_given, literal, truth
from peft_lint.rules.trainers import settings_of
from peft_lint.scene import Scene
from peft_lint.versions.specifier import key

# Trainers that always compare with a reference, and those that do so for a `beta` above zero.
_PAIRED = ("DPOTrainer", "KTOTrainer")
_WITH_DEFAULT = ("RLOOTrainer",)
# Between these DPO refuses a reference beside a `peft_config`; since then its settings allow it.
_REFUSES, _ACCEPTS, _SETTING = "0.7.11", "0.29", "0.9"
_FORCED = "force_use_ref_model"


def reference_of(event: TrainerMade) -> Value | None:
    """Return what DPO or KTO is given for a reference, None where it is given nothing."""
    given = event.args[1] if len(event.args) > 1 else None
    return dict(event.keywords).get("ref_model", given)


def refuses_reference(event: TrainerMade, scene: Scene) -> bool:
    """Return whether every TRL in use raises for a reference beside a `peft_config`."""
    span = scene.machine.target.span("trl")
    if event.class_name != "DPOTrainer" or span is None or scene.in_doubt("trl"):
        return False
    if not event.complete or _FORCED in dict(event.keywords):
        return False
    oldest, newest = map(key, span)
    if oldest < key(_REFUSES) or newest >= key(_ACCEPTS):
        return False
    state = settings_of(event, scene)
    if newest < key(_SETTING):
        return True
    if state is None:
        return "args" not in dict(event.keywords) and len(event.args) < 3
    forced = state.get(_FORCED)
    allowed = forced is not None and truth(forced) is not False
    return state.class_name == "DPOConfig" and state.complete and not allowed


def compares(event: TrainerMade, scene: Scene) -> bool:
    """Return whether a trainer surely makes its reference out of the model itself."""
    keywords = dict(event.keywords)
    state = settings_of(event, scene)
    if event.class_name in _PAIRED:
        reference = reference_of(event)
        # Of older releases: a reference that is an adapter of its own, and none at all.
        other = ("ref_adapter_name", "reference_free")
        named = any(name in keywords or (state and state.get(name)) for name in other)
        return not (is_given(reference) or named or (state and _without(state.get("loss_type"))))
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
