"""PEF320: `all-linear` adapts the head, which PEFT then cannot train and save as it wants to."""

from __future__ import annotations

from peft_lint.events import ConfigMade, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Config, Node
from peft_lint.interpreter.values import literal
from peft_lint.rules.guards import expects
from peft_lint.rules.swallowed import SAVED, FirstUses, taken, task_of
from peft_lint.rules.targets import FIELD, names_in
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion
from peft_lint.syntax.keywords import as_list, set_keyword


class Rule(OnePerPlace):
    """Looks at a config where it meets a model whose head is known."""

    def __init__(self) -> None:
        super().__init__()
        self._uses = FirstUses()

    def on_config_made(self, event: ConfigMade, scene: Scene) -> None:
        """Take a config for a new one."""
        self._uses.made(event)

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Suspect a head that gets an adapter before its task type claims it."""
        first, task = self._uses.use(event), task_of(event, scene)
        if not first or task is None or literal(event.config.get(FIELD)) != "all-linear":
            return
        layers = taken(event, task, None, scene)
        if layers and not expects(event, scene, "TypeError", "Exception"):
            anchor = event.config.expression(FIELD) or event.config.node
            self._found.setdefault(anchor, _suspicion(event, anchor, task, layers))


def _suspicion(event: Wrapped, anchor: Node, task_type: str, layers: tuple[str, ...]) -> Suspicion:
    config = event.config
    listed = " and ".join(f"`{layer}`" for layer in layers)
    words = f"all-linear puts an adapter on the head, {listed}"
    return Suspicion(
        code="PEF320",
        severity=Severity.ERROR,
        message=f"{words}, which {task_type} is to train as a whole: PEFT raises a TypeError",
        anchor=anchor,
        story=(
            (event.before.node, "the model with this head is loaded here"),
            (anchor, words),
            (event.node, f"PEFT cannot wrap it for {task_type} any more, and raises a TypeError"),
        ),
        cause=config.node,
        proposals=_proposals(config, layers),
    )


def _proposals(config: Config, layers: tuple[str, ...]) -> tuple[Proposal, ...]:
    named = names_in(config.get(SAVED)) or ()
    code = as_list((*named, *(layer.rpartition(".")[2] for layer in layers)))
    if SAVED in config.edited:
        return ()
    visitor = set_keyword(config.node, SAVED, code)
    return (Proposal(f"Write {SAVED}={code}", Applicability.UNSAFE, visitor, (config.node,)),)
