"""PEF306: none of the target modules is a module of the model."""

from __future__ import annotations

from peft_lint.events import Wrapped
from peft_lint.finding import Severity
from peft_lint.interpreter.values import is_given
from peft_lint.rules.guards import expects
from peft_lint.rules.targets import FIELD, Targets, look_up
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import as_list, written
from peft_lint.versions.specifier import key

# What `target_modules="all-linear"` and the default targets of LoRA are for.
_LORA = ("LoraConfig", "AdaLoraConfig")


class Rule(OnePerPlace):
    """Looks at a config where it meets a model of a known family."""

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Suspect a list of names that the family has no module for."""
        targets = look_up(event, scene)
        if targets is None or targets.dead != targets.names:
            return
        # With weights to adapt it is no error that no module is.
        if is_given(event.config.get("target_parameters")):
            return
        if not expects(event, scene, "ValueError", "Exception"):
            self._found.setdefault(targets.anchor, _suspicion(event, targets, scene))


def _suspicion(event: Wrapped, targets: Targets, scene: Scene) -> Suspicion:
    where = f": they are those of {targets.origin}" if targets.origin else ""
    return Suspicion(
        code="PEF306",
        severity=Severity.ERROR,
        message=f"the model is a {targets.family}, which has no module of these names{where}",
        anchor=targets.anchor,
        story=(
            (event.before.node, f"a model of the family {targets.family} is loaded here"),
            (targets.anchor, "the adapter is to go on modules of these names"),
            (event.node, "PEFT finds none of them here and raises a ValueError"),
        ),
        cause=event.config.node,
        proposals=_proposals(event, targets, scene),
    )


def _proposals(event: Wrapped, targets: Targets, scene: Scene) -> tuple[Proposal, ...]:
    from peft_lint.knowledge.modules import default_targets

    config, target = event.config, scene.machine.target
    if config.class_name not in _LORA:
        return ()
    lowest = target.lowest("peft") or target.release("peft")
    defaults = default_targets("LORA", targets.family, lowest)
    if defaults:
        code = as_list(defaults)
    elif key(lowest) >= key("0.8"):
        code = '"all-linear"'
    else:
        return ()
    return written(config.node, FIELD, code, targets.spelled)
