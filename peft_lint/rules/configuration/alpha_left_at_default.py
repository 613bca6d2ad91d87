"""PEF317: a high rank with the default scale, which is made for a rank of 8."""

from __future__ import annotations

import ast

from peft_lint.events import ConfigUsed
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Config
from peft_lint.interpreter.values import literal
from peft_lint.rules.guards import names_the_class
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import AddKeyword

_FIELD, _RANK, _DEFAULT = "lora_alpha", "r", 8
# From here on the default scales by a quarter or less.
_HIGH = 32
# What scales otherwise, or in some layers, or makes the scale a matter of the start.
_OTHERWISE = ("use_rslora", "alpha_pattern", "rank_pattern", "init_lora_weights", "inference_mode")
# Attributes and methods by which code sees to the scale.
_BY_HAND = (_FIELD, "scaling", "set_scale", "scale_layer")


class Rule(OnePerPlace):
    """Looks at the rank of configs that say nothing of the scale, when they are used."""

    def on_config_used(self, event: ConfigUsed, scene: Scene) -> None:
        """Suspect a high rank alone."""
        config = event.config
        rank = literal(config.get(_RANK))
        if config.class_name != "LoraConfig" or not isinstance(rank, int) or rank < _HIGH:
            return
        if not _leaves_scale(config) or not names_the_class(config.node, scene):
            return
        if not any(_asks_for_scale(node) for node in scene.document.nodes):
            self._found.setdefault(config.node, _suspicion(event, rank, scene))


def _leaves_scale(config: Config) -> bool:
    """Return whether the config surely says nothing that decides the scale."""
    given = any(config.get(field) is not None for field in (_FIELD, *_OTHERWISE))
    return config.is_written and not given


def _asks_for_scale(node: ast.AST) -> bool:
    """Return whether code reads or sets the scale of a config or of layers by itself."""
    return isinstance(node, ast.Attribute) and node.attr in _BY_HAND


def _suspicion(event: ConfigUsed, rank: int, scene: Scene) -> Suspicion:
    config = event.config
    spelled = config.expression(_RANK)
    anchor = spelled or config.node
    scale = f"{_DEFAULT / rank:.3g}"
    words = (
        f"{_FIELD} is left at {_DEFAULT}: with a rank of {rank} the adapter is scaled by {scale}"
    )
    proposals: tuple[Proposal, ...] = ()
    if isinstance(spelled, (ast.Constant, ast.Name)):
        code = scene.document.source(spelled)
        title = f"Add {_FIELD}={code}, which scales by 1"
        fix = AddKeyword(_FIELD, code)
        proposals = (Proposal(title, Applicability.UNSAFE, fix, (config.node,)),)
    return Suspicion("PEF317", Severity.INFO, words, anchor, ((anchor, words),), anchor, proposals)
