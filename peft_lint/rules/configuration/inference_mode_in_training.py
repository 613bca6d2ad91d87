"""PEF310: a config says `inference_mode=True`, and the model is trained."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import ParametersTouched, Trained
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Node
from peft_lint.interpreter.values import literal
from peft_lint.library.configs import PROMPT_LEARNING
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword, gives

_FIELD = "inference_mode"


class Rule:
    """Looks at training: whether a config froze an adapter that is still frozen."""

    def __init__(self) -> None:
        self._found: dict[Node, tuple[Node, Suspicion]] = {}
        self._touched: set[Node] = set()

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Suspect an adapter that its own config froze, unless another one is trained."""
        body = scene.body(event)
        adapters = body.adapters or ()
        if event.how == "backward" and not event.own_loss:
            # What else the loss came from may be what is trained.
            return
        if any(one.trainable is not False for one in adapters):
            return
        for adapter in adapters:
            config = adapter.config
            if config is None or config.class_name in PROMPT_LEARNING:
                continue
            if literal(config.get(_FIELD)) is True:
                found = (body.node, _suspicion(adapter, event.node))
                self._found.setdefault(adapter.node, found)

    def on_parameters_touched(self, event: ParametersTouched, scene: Scene) -> None:
        """The code unfreezes parameters of adapters by itself, or some of them."""
        body = scene.body(event)
        adapters = body.adapters
        if adapters is None or any(one.trainable is not False for one in adapters):
            self._touched.add(body.node)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what is left."""
        for body, suspicion in self._found.values():
            if body not in self._touched:
                yield suspicion


def _suspicion(adapter: Adapter, trained: Node) -> Suspicion:
    config = adapter.config
    assert config is not None
    anchor = config.expression(_FIELD) or config.node
    proposals: tuple[Proposal, ...] = ()
    if gives(config.node, anchor):
        title = f"Remove {_FIELD}: an adapter is made for training"
        visitor = RemoveKeyword(_FIELD)
        proposals = (Proposal(title, Applicability.SAFE, visitor, (config.node,)),)
    return Suspicion(
        code="PEF310",
        severity=Severity.ERROR,
        message=f"{_FIELD}=True freezes the adapter, and the model is trained: nothing is learned",
        anchor=anchor,
        story=(
            (anchor, f"the config says {_FIELD}=True"),
            (adapter.node, "the adapter is made from it here, with all of its weights frozen"),
            (trained, "and the model is trained here"),
        ),
        cause=adapter.node,
        proposals=proposals,
    )
