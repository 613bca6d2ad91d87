"""PEF114: a statement that is meant to switch the model does nothing: no `with`, no parentheses."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Activated, Escaped, EvalCalled, Inference, ModelEvent, NoOp, Trained
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import PEFT_MODELS, Body, Node, Steps
from peft_lint.interpreter.values import Value, literal
from peft_lint.lean import Record
from peft_lint.scene import Scene
from peft_lint.suspicion import Suspicion

_WORDS = {
    "disable_adapter": "disable_adapter() acts in a with block only: the adapter stays on",
    "eval": "eval is not called here: the mode stays as it is",
    "train": "train is not called here: the mode stays as it is",
    "training": "the flag alone is set: dropout below it stays in train mode",
    "active_adapter": "assigning active_adapter has no effect: another adapter stays active",
}


class Candidate(Record):
    """One such statement; `answered` says where the model answers in the state it left."""

    event: NoOp
    body: Node
    answered: Node | None


class Rule:
    """Two kinds are always wrong; an attribute is wrong where the model answers unchanged."""

    def __init__(self) -> None:
        self._found: dict[Node, Candidate] = {}
        self._dropped: set[Node] = set()
        self._trained: set[Node] = set()

    def on_no_op(self, event: NoOp, scene: Scene) -> None:
        """Note the statement, and drop those that may be right."""
        if event.node in self._found:
            return
        handle, body = scene.handle(event), scene.body(event)
        if event.how in ("disable_adapter", "active_adapter") and handle.kind not in PEFT_MODELS:
            return
        if event.how == "disable_adapter" and body.enabled is not True:
            return
        if event.how == "training" and (literal(event.value) is not False or not _is_live(body)):
            return
        if event.how == "active_adapter" and not _is_other(event.value, body):
            return
        self._found[event.node] = Candidate(event, body.node, None)

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """The model answers, and what was assigned has not come true."""
        body = scene.body(event)
        for candidate in self._of(body):
            how, value = candidate.event.how, candidate.event.value
            wrong = _is_live(body) if how == "training" else _is_other(value, body)
            if wrong and candidate.answered is None:
                self._found[candidate.event.node] = candidate._replace(answered=event.node)

    def on_activated(self, event: Activated, scene: Scene) -> None:
        """The adapter is activated as well: the attribute is kept up beside it."""
        self._drop("active_adapter", event, scene)

    def on_eval_called(self, event: EvalCalled, scene: Scene) -> None:
        """The mode is set as well."""
        self._drop("training", event, scene)

    def on_escaped(self, event: Escaped, scene: Scene) -> None:
        """Code out of view may do what the attribute does not."""
        self._drop("training", event, scene)
        self._drop("active_adapter", event, scene)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Training by hand goes on: switching to eval mode needs a way back."""
        if event.how == "backward":
            self._trained.update(one.event.node for one in self._of(scene.body(event)))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what is always wrong, and what the model answered with."""
        for node, candidate in self._found.items():
            if node in self._dropped or _is_probe(node, scene.document.tree):
                continue
            attribute = candidate.event.how in ("training", "active_adapter")
            if not attribute or candidate.answered is not None:
                yield _suspicion(candidate, node in self._trained)

    def _of(self, body: Body) -> list[Candidate]:
        return [one for one in self._found.values() if one.body is body.node]

    def _drop(self, how: str, event: ModelEvent, scene: Scene) -> None:
        # Models escape often, and few files have anything found by then.
        found = self._of(scene.body(event)) if self._found else ()
        self._dropped.update(one.event.node for one in found if one.event.how == how)


def _is_probe(node: Node, tree: ast.Module) -> bool:
    """Return whether an attribute is read to see whether it is there: alone in a `try`."""
    tries = (one for one in ast.walk(tree) if isinstance(one, ast.Try) and len(one.body) == 1)
    return any(isinstance(one.body[0], ast.Expr) and one.body[0].value is node for one in tries)


def _is_live(body: Body) -> bool:
    """Return whether dropout, or what may be dropout, is surely in train mode."""
    sources = [(body.training, body.dropout)]
    sources += [(one.training, one.dropout) for one in body.active_adapters()]
    return any(training is True and dropout is not False for training, dropout in sources)


def _is_other(value: Value | None, body: Body) -> bool:
    """Return whether the adapters that are active are surely others than the one assigned."""
    name = literal(value)
    return isinstance(name, str) and body.active is not None and name not in body.active


def _suspicion(candidate: Candidate, trained: bool) -> Suspicion:
    from peft_lint.rules.loading.disable_adapter_outside_with_fix import proposal

    event = candidate.event
    how, words = event.how, _WORDS[event.how]
    story: Steps = ((event.node, words),)
    if candidate.answered is not None:
        story = (*story, (candidate.answered, "and the model answers here as it did before"))
    mode = how in ("eval", "train", "training")
    return Suspicion(
        code="PEF114",
        severity=Severity.ERROR,
        message=words,
        anchor=event.node,
        story=story,
        cause=candidate.body if mode else event.node,
        proposals=(proposal(event, trained),),
    )
