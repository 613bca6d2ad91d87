"""PEF310: a config says `inference_mode=True`, and the model is trained."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint.events import Trained
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Node
from peft_lint.interpreter.values import literal
from peft_lint.library.configs import PROMPT_LEARNING
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import RemoveKeyword

_FIELD = "inference_mode"


class Rule:
    """Looks at training: whether a config froze an adapter that is still frozen."""

    def __init__(self) -> None:
        self._found: dict[Node, Suspicion] = {}

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Suspect an adapter that its own config froze, unless another one is trained."""
        adapters = scene.body(event).adapters or ()
        if any(one.trainable is not False for one in adapters):
            return
        for adapter in adapters:
            config = adapter.config
            if config is None or config.class_name in PROMPT_LEARNING:
                continue
            if literal(config.get(_FIELD)) is True:
                self._found.setdefault(adapter.node, _suspicion(adapter, event.node))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found."""
        yield from self._found.values()


def _suspicion(adapter: Adapter, trained: Node) -> Suspicion:
    config = adapter.config
    assert config is not None
    anchor = config.expression(_FIELD) or config.node
    proposals = ()
    if any(word.value is anchor for word in config.node.keywords):
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
