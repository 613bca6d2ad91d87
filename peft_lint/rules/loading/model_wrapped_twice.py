"""PEF103: get_peft_model wraps a PeftModel, or a base that carries an adapter, once more."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import Enclosed
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Weights
from peft_lint.interpreter.values import Items, Literal, Unknown, Value
from peft_lint.rules.rewrapping import Rewrap, Rewraps
from peft_lint.scene import Scene
from peft_lint.suspicion import Suspicion

# Where an adapter goes: with the same of these, the new one replaces the old one everywhere.
_TARGETS = (
    "target_modules",
    "exclude_modules",
    "layers_to_transform",
    "layers_pattern",
    "modules_to_save",
    "target_parameters",
    "trainable_token_indices",
)


class Rule(Rewraps):
    """Looks at each wrap, and at what happens to the models that were there before."""

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Suspect a fresh adapter on a body that carries one."""
        rewrap = self.add(event, scene)
        if rewrap is not None and event.config is not None:
            self.found[event.node] = rewrap

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report every wrap of a PeftModel, and those of a base that do harm."""
        for rewrap in self.found.values():
            used = rewrap.event.node in self.used
            harmless = not rewrap.nested and not used and _same_targets(rewrap)
            if self.is_harmful(rewrap) and not harmless:
                yield self._suspicion(rewrap)

    def _suspicion(self, rewrap: Rewrap) -> Suspicion:
        node, how = rewrap.event.node, rewrap.event.how
        nested = (
            f"{how} wraps a PeftModel again: an adapter saved from it loads without its weights"
        )
        worth = rewrap.carried.weights in (Weights.LOADED, Weights.TRAINED)
        return Suspicion(
            code="PEF103",
            severity=Severity.ERROR if self.is_sure(rewrap) else Severity.WARNING,
            message=nested if rewrap.nested else self.words(rewrap),
            anchor=node,
            story=self.story(rewrap),
            cause=node,
            proposals=self.proposals(rewrap, "merge_and_unload" if worth else "unload"),
        )


def _same_targets(rewrap: Rewrap) -> bool:
    """Return whether both adapters surely sit in the same layers."""
    one, other = rewrap.carried.config, rewrap.event.config
    if one is None or other is None:
        return False
    if one.class_name is None or other.class_name is None:
        return one.source is not None and one == other
    if one.class_name != other.class_name:
        return False
    if one == other:
        return True
    return (
        one.complete
        and other.complete
        and all(_equal(one.get(field), other.get(field)) for field in _TARGETS)
    )


def _equal(one: Value | None, other: Value | None) -> bool:
    """Return whether two fields surely have the same value."""
    if isinstance(one, (Literal, Items)):
        return one == other
    if isinstance(one, Unknown):
        return one.origin is not None and one == other
    return one is None and other is None
