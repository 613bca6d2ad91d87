"""PEF407: reentrant checkpointing of a model whose input has no gradients: LoRA gets none."""

from __future__ import annotations

import ast

from peft_lint.events import TrainerMade
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Arguments, Body
from peft_lint.interpreter.values import Entries, Items, Value, is_given, literal
from peft_lint.rules.trainers import settings_of, spelled
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import ReplaceKeyword, gives

_FIELD = "gradient_checkpointing_kwargs"
# Families that take pixels or sound, and give a frozen layer's output to the first checkpoint.
_FAMILIES = frozenset(
    "vit beit dinov2 siglip clip swin swinv2 vit_msn segformer whisper "
    "audio-spectrogram-transformer".split()
)
# Modules inside the layers that are checkpointed, and those behind them.
_INSIDE = frozenset(
    "query key value q_proj k_proj v_proj o_proj out_proj fc1 fc2 dense qkv".split()
)
_BEHIND = frozenset("classifier score proj_out projector decode_head".split())
# Whatever gives the input gradients after all, or may.
_HELPS = frozenset(
    "enable_input_require_grads gradient_checkpointing_enable register_forward_hook "
    "register_forward_pre_hook requires_grad_ requires_grad".split()
)


class Rule(OnePerPlace):
    """Looks at each trainer whose settings ask for reentrant checkpointing."""

    def on_trainer_made(self, event: TrainerMade, scene: Scene) -> None:
        """Suspect an adapter in the checkpointed layers of such a model."""
        settings, handle = settings_of(event, scene), scene.model(event)
        if event.library != "transformers" or settings is None or handle is None:
            return
        if literal(settings.get("gradient_checkpointing")) is not True:
            return
        how, body = settings.get(_FIELD), scene.world.body(handle)
        if not isinstance(how, Entries) or literal(how.get("use_reentrant")) is not True:
            return
        if body.family in _FAMILIES and _is_inside(body) and not _helps(scene):
            adapter = (body.adapters or ())[0]
            suspicion = _suspicion(event, settings, how, adapter)
            self._found.setdefault(suspicion.anchor, suspicion)


def _is_inside(body: Body) -> bool:
    """Return whether all that is trained surely lies in the layers, or behind them."""
    adapters = body.adapters or ()
    if body.escaped or body.quantised is not False or body.others is True or len(adapters) != 1:
        return False
    config = adapters[0].config
    if config is None or not config.complete or config.class_name != "LoraConfig":
        return False
    targets, kept = config.get("target_modules"), config.get("modules_to_save")
    return (
        (literal(targets) == "all-linear" or _are(targets, _INSIDE))
        and (not is_given(kept) or _are(kept, _BEHIND))
        and literal(config.get("bias"), "none") == "none"
    )


def _are(value: Value | None, names: frozenset[str]) -> bool:
    """Return whether a value is a list of some of these names."""
    if not isinstance(value, Items) or not value.exact or not value.items:
        return False
    return all(literal(item) in names for item in value.items)


def _helps(scene: Scene) -> bool:
    """Return whether the document has a word of what gives gradients to an input."""
    for node in scene.document.nodes:
        if isinstance(node, ast.Attribute) and node.attr in _HELPS:
            return True
        if isinstance(node, ast.Constant) and node.value in _HELPS:
            return True
    return scene.assigns("forward")


def _suspicion(
    event: TrainerMade, settings: Arguments, how: Entries, adapter: Adapter
) -> Suspicion:
    anchor = spelled(settings, _FIELD)
    proposals: tuple[Proposal, ...] = ()
    alone = len(how.items) == 1 and how.exact
    if alone and gives(settings.node, anchor):
        visitor = ReplaceKeyword(_FIELD, '{"use_reentrant": False}')
        title = "Checkpoint without re-entering"
        proposals = (Proposal(title, Applicability.UNSAFE, visitor, (settings.node,)),)
    return Suspicion(
        code="PEF407",
        severity=Severity.WARNING,
        message=(
            "with use_reentrant=True the adapter gets no gradients: "
            "this model's layers are given an input without any"
        ),
        anchor=anchor,
        story=(
            (adapter.node, "everything in front of the adapter is frozen here"),
            (anchor, "reentrant checkpoints pass gradients on only where their input has some"),
            (event.node, "and the trainer checkpoints the layers with it"),
        ),
        cause=adapter.node,
        proposals=proposals,
    )
