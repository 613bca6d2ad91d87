"""PEF313: a config that was filled in for one architecture is used for another."""

from __future__ import annotations

from peft_lint.events import Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Config, Node
from peft_lint.interpreter.values import Literal, literal
from peft_lint.lean import TYPE_CHECKING
from peft_lint.rules.guards import expects
from peft_lint.rules.targets import FIELD, has, is_as_built
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

_ERRORS = ("ValueError", "Exception")


class Rule(OnePerPlace):
    """Remembers for which family a config was filled in, and looks at the next one."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[tuple[Node, tuple[Node, str | None]], Wrapped] = {}

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Suspect a second family that lacks modules of the first."""
        config, body = event.config, event.before
        if config.source is not None or config.escaped or not is_as_built(body):
            return
        first = self._first.get((config.node, config.met)) if config.met is not None else None
        self._first[(config.node, (event.node, body.family))] = event
        if first is None or first.before.family == body.family:
            return
        names = _filled_in(config, first.before.family or "", scene)
        dead = [name for name in names if has(body.family, name, scene) is False]
        if dead and not expects(event, scene, *_ERRORS):
            anchor = first.config_node or first.node
            severity = Severity.WARNING if len(dead) < len(names) else Severity.ERROR
            self._found.setdefault(anchor, _suspicion(first, event, dead, severity))


def _filled_in(config: Config, family: str, scene: Scene) -> list[str]:
    """Return the modules that PEFT writes into a config which leaves them open."""
    from peft_lint.knowledge.modules import default_targets, modules

    value = config.get(FIELD)
    if isinstance(value, Literal) and str(literal(value)).lower() == "all-linear":
        found = modules(family)
        # What has no module around it is a head, which PEFT leaves out.
        inner = [text for text in found.linear if "." in text] if found is not None else []
        return sorted({text.rpartition(".")[2] for text in inner})
    left_open = config.complete if value is None else literal(value, ...) is None
    name = (config.class_name or "").removesuffix("Config").upper()
    targets = default_targets(name, family, scene.machine.target.release("peft"))
    return list(targets or ()) if left_open else []


def _suspicion(first: Wrapped, event: Wrapped, dead: list[str], severity: Severity) -> Suspicion:
    config, family = event.config, event.before.family
    listed = ", ".join(f"`{name}`" for name in dead)
    outcome = "gets fewer adapters" if severity is Severity.WARNING else "is refused"
    written = f"the modules of {first.before.family} are written into the config here"
    proposals: tuple[Proposal, ...] = ()
    if first.config_node is not None:
        fix = PassCopy()
        title = "Pass a copy of the config, which stays as it is"
        proposals = (Proposal(title, Applicability.UNSAFE, fix, (first.config_node,)),)
    return Suspicion(
        code="PEF313",
        severity=severity,
        message=f"{written}, and {family} {outcome}: it has no {listed}",
        anchor=first.config_node or first.node,
        story=(
            (config.node, f"the config leaves {FIELD} to PEFT"),
            (first.config_node or first.node, written),
            (event.node, f"and the config is used for {family} here"),
        ),
        cause=config.node,
        proposals=proposals,
    )


class PassCopy:
    """Write `copy.deepcopy(config)` for the target."""

    def leave_Name(self, original: cst.Name, updated: cst.Name, rewriting: Rewriting) -> cst.Call:
        """Return a call with the name as its argument."""
        return _copied(updated, rewriting)

    def leave_Attribute(
        self, original: cst.Attribute, updated: cst.Attribute, rewriting: Rewriting
    ) -> cst.Call:
        """Return a call with the attribute as its argument."""
        return _copied(updated, rewriting)


def _copied(config: cst.BaseExpression, rewriting: Rewriting) -> cst.Call:
    import libcst as cst

    function = rewriting.expression(rewriting.spelling("copy.deepcopy"))
    return cst.Call(function, [cst.Arg(config)])
