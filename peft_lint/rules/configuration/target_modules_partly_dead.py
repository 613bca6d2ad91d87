"""PEF307: some of the target modules are no modules of the model."""

from __future__ import annotations

from peft_lint.events import Wrapped
from peft_lint.finding import Severity
from peft_lint.rules.targets import FIELD, Targets, look_up, meant_module
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Suspicion
from peft_lint.syntax.keywords import as_list, written


class Rule(OnePerPlace):
    """Looks at a config where it meets a model of a known family."""

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Suspect names that the family has no module for, among others that it has."""
        targets = look_up(event, scene)
        if targets is None or targets.dead == targets.names:
            return
        meant = {name: meant_module(targets.family, name, scene) for name in targets.dead}
        # A list that was written for many architectures has names that one of them lacks.
        if targets.origin is not None or any(meant.values()):
            self._found.setdefault(targets.anchor, _suspicion(event, targets, meant))


def _suspicion(event: Wrapped, targets: Targets, meant: dict[str, str | None]) -> Suspicion:
    listed = ", ".join(f"`{name}`" for name in targets.dead)
    verb = "are no modules" if len(targets.dead) > 1 else "is no module"
    right = [meant.get(name) or name for name in targets.names if meant.get(name, name)]
    code = as_list(right)
    where = f"; the names are those of {targets.origin}" if targets.origin else ""
    return Suspicion(
        code="PEF307",
        severity=Severity.WARNING,
        message=f"{listed} {verb} of {targets.family}, and PEFT passes over that silently{where}",
        anchor=targets.anchor,
        story=(
            (event.before.node, f"a model of the family {targets.family} is loaded here"),
            (targets.anchor, f"{listed} {verb} of it"),
            (event.node, "the adapter goes on the other modules only"),
        ),
        cause=event.config.node,
        proposals=written(event.config.node, FIELD, code, targets.spelled),
    )
