"""PEF320: `all-linear` adapts the head, which PEFT then cannot train and save as it wants to."""

from __future__ import annotations

from collections.abc import Iterator

from peft_lint import knowledge
from peft_lint.events import ConfigMade, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Config, Kind, Node
from peft_lint.interpreter.values import literal
from peft_lint.rules.guards import expects
from peft_lint.rules.targets import CONFIGS, FIELD, changes, is_as_built, is_plain, names_in
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import AddKeyword, ReplaceKeyword

_SAVED = "modules_to_save"
# Its names are known before the adapter is made, those of the other task types only after (A12).
_KNOWN_BEFORE = "SEQ_CLS"


class Rule:
    """Looks at a config where it meets a model whose head is known."""

    def __init__(self) -> None:
        self._found: dict[Node, Suspicion] = {}
        self._used: set[Node] = set()

    def on_config_made(self, event: ConfigMade, scene: Scene) -> None:
        """Take a config for a new one."""
        self._used.discard(event.node)

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Suspect a head that gets an adapter before its task type claims it."""
        config = event.config
        # PEFT writes what it finds into the config: a second model gets the names of the first.
        again = config.node in self._used
        self._used.add(config.node)
        if again or not config.complete or config.class_name not in CONFIGS:
            return
        if literal(config.get(FIELD)) != "all-linear" or not is_as_built(event.before):
            return
        handle = scene.handle(event)
        task_type = literal(handle.settings) if handle.kind is Kind.PEFT else None
        if not isinstance(task_type, str):
            return
        layers = _swallowed(event, task_type)
        parts = {part for layer in layers for part in layer.split(".")}
        if not layers or changes(scene.document.tree, parts):
            return
        if not expects(event, scene, "TypeError", "Exception"):
            anchor = config.expression(FIELD) or config.node
            self._found.setdefault(anchor, _suspicion(event, anchor, task_type, layers))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found."""
        yield from self._found.values()


def _swallowed(event: Wrapped, task_type: str) -> tuple[str, ...]:
    """Return the linear layers of the head that get an adapter, and are wrapped once more."""
    config, before = event.config, event.before
    heads = knowledge.heads(before.family, before.task)
    added = knowledge.ADDED_BY_TASK_TYPE.get(task_type, ())
    saved, excluded = names_in(config.get(_SAVED)), names_in(config.get("exclude_modules"))
    if heads is None or saved is None or excluded is None or not all(map(is_plain, saved)):
        return ()
    spared = (*saved, *added) if task_type == _KNOWN_BEFORE else saved
    return tuple(
        layer
        for layer in heads.linear
        if knowledge.covers(layer, (*saved, *added))
        and not any(f".{name}." in f".{layer}." for name in spared)
        and not any(f".{layer}".endswith(f".{name}") for name in excluded)
    )


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
    named = names_in(config.get(_SAVED)) or ()
    names = dict.fromkeys((*named, *(layer.rpartition(".")[2] for layer in layers)))
    code = "[" + ", ".join(f'"{name}"' for name in names) + "]"
    spelled = any(word.arg == _SAVED for word in config.node.keywords)
    if _SAVED in config.edited:
        return ()
    visitor = (ReplaceKeyword if spelled else AddKeyword)(_SAVED, code)
    return (Proposal(f"Write {_SAVED}={code}", Applicability.UNSAFE, visitor, (config.node,)),)
