"""PEF318: a value in the config makes the adapter do nothing, and learn nothing."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import ConfigUsed
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Config, Node
from peft_lint.interpreter.values import literal
from peft_lint.rules.guards import is_asserted
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Suspicion

# The fields that scale an adapter's output. AdaLora divides by the rank of the moment and
# learns with 0; DoRA trains its magnitudes.
_SCALES = {"LoraConfig": "lora_alpha", "LoHaConfig": "alpha", "LoKrConfig": "alpha"}
_DROPOUTS = {"LoraConfig": "lora_dropout", "AdaLoraConfig": "lora_dropout"}
_TOKENS = frozenset({"PromptTuningConfig", "PrefixTuningConfig", "PromptEncoderConfig"})
_EXCEPTIONS = ("use_dora", "alpha_pattern")
# Attributes and methods by which code gives layers another scale, in training as well.
_BY_HAND = ("scaling", "set_scale", "scale_layer", "unscale_layer")


class Rule(OnePerPlace):
    """Looks at the fields that switch an adapter off when a config is used."""

    def on_config_used(self, event: ConfigUsed, scene: Scene) -> None:
        """Suspect a scale of zero, a dropout of everything, prompts without tokens."""
        config = event.config
        for field, words in _defects(config):
            if field in _SCALES.values() and scene.names(_BY_HAND):
                continue
            if not is_asserted(event, scene):
                anchor = config.expression(field) or config.node
                self._found.setdefault(anchor, _suspicion(event, anchor, f"{field}={words}"))


def _defects(config: Config) -> Iterator[tuple[str, str]]:
    name = config.class_name or ""
    scale, dropout = _SCALES.get(name), _DROPOUTS.get(name)
    if scale is not None and _number(config, scale) == 0 and _is_plain(config):
        yield scale, "0 multiplies what the adapter gives by zero: it has no effect and no gradient"
    drop = _number(config, dropout) if dropout is not None else None
    if dropout is not None and drop is not None and drop >= 1:
        outcome = "drops the adapter's whole input: it learns nothing"
        yield dropout, f"{drop:g} {outcome if drop == 1 else 'is no probability: PyTorch raises'}"
    if name in _TOKENS and _number(config, "num_virtual_tokens") == 0:
        yield "num_virtual_tokens", "0 leaves nothing to train"


def _number(config: Config, field: str) -> float | None:
    value = literal(config.get(field))
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _is_plain(config: Config) -> bool:
    """Return whether nothing in the config gives other layers another scale, or may."""
    return config.complete and all(
        config.get(field) is None or literal(config.get(field), ...) in (None, False)
        for field in _EXCEPTIONS
    )


def _suspicion(event: ConfigUsed, anchor: Node, words: str) -> Suspicion:
    steps = ((event.node, "and the adapter is made from it here"),) if event.model else ()
    return Suspicion(
        code="PEF318",
        severity=Severity.ERROR,
        message=words,
        anchor=anchor,
        story=((anchor, words), *steps),
        cause=anchor,
    )
