"""PEF111: a method of PeftModel takes a keyword and does nothing with it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import AdapterLoaded, Converted, Saved
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Kind, Node, Steps
from peft_lint.interpreter.values import Literal, Value, literal
from peft_lint.lean import Record
from peft_lint.library.dtypes import KEYWORDS, dtype_of, loaded_as
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import MoveKeywords, RemoveKeyword, RenameKeyword

_QUANTISES = ("load_in_8bit", "load_in_4bit")
# What `is_trainable` is also called; slips of the pen are found by their letters.
_TRAINABLE = ("trainable", "is_train", "is_training")
_OLD, _NEW = "convert_pissa_to_lora", "path_initial_model_for_weight_conversion"
_CASTS = ("half", "bfloat16", "float", "double", "type", "to")
# Keywords of a save that belong to the push; the first says where to.
_PUSH = ("repo_id", "token", "private", "commit_message", "create_pr")
_SAFE, _UNSAFE = Applicability.SAFE, Applicability.UNSAFE


class Loss(Record):
    """What a keyword without effect costs, and the fix; `story` leads up to it."""

    severity: Severity
    cost: str
    proposal: Proposal
    story: Steps = ()


class Rule:
    """Collects keywords that are lost; one that costs nothing on some world is none."""

    def __init__(self) -> None:
        self._found: dict[ast.keyword, tuple[ast.Call, Node, Loss] | None] = {}
        # What a body got in another way: a dtype by a cast, a push by a call of its own.
        self._settled: set[tuple[Node, str]] = set()

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Look at what an adapter is loaded with."""
        if event.how.startswith("PeftModel") or event.how == "load_adapter":
            self._look(event, scene, event.how.rpartition(".")[2])

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Look at what an adapter is saved with."""
        if event.how == "push_to_hub":
            self._settled.add((scene.body(event).node, event.how))
        elif event.how == "save_pretrained":
            self._look(event, scene, event.how)

    def on_converted(self, event: Converted, scene: Scene) -> None:
        """Note what is cast by hand; `to("cuda")` is no cast."""
        said = [one for value in event.given if isinstance(value, Literal) for one in value.values]
        device = said and all(isinstance(one, str) for one in said) and event.how == "to"
        if event.how in _CASTS and not device:
            self._settled.update((scene.body(event).node, name) for name in KEYWORDS)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report each such keyword at its value."""
        for word, found in self._found.items():
            if found is None or (found[1], word.arg) in self._settled:
                continue
            call, _, loss = found
            words, fix = f"{word.arg}= has no effect here: {loss.cost}", loss.proposal
            story = (*loss.story, (word.value, words))
            yield Suspicion("PEF111", loss.severity, words, word.value, story, call, (fix,))

    def _look(self, event: AdapterLoaded | Saved, scene: Scene, method: str) -> None:
        node = event.node
        if not isinstance(node, ast.Call) or scene.handle(event).kind is not Kind.PEFT:
            return
        from peft_lint.knowledge.calls import misspelt, swallows

        target, body, given = scene.machine.target, scene.body(event), dict(event.keywords)
        call, release = f"PeftModel.{method}", target.release("peft")
        lowest = target.lowest("peft") or release
        for word in node.keywords:
            name = word.arg or ""
            if name not in given or not swallows(call, name, release):
                continue
            known = name in (*KEYWORDS, *_QUANTISES)
            meant = None if known else misspelt(call, name, release)
            if isinstance(event, AdapterLoaded):
                loss = _in_load(node, body, name, given[name], meant)
            else:
                renamed = _UNSAFE if swallows(call, _NEW, lowest) else _SAFE
                loss = _in_save(node, name, given[name], meant, renamed)
            found = (node, body.node, loss) if loss is not None else None
            self._found[word] = found if self._found.get(word, found) else None


def _in_load(node: Node, body: Body, name: str, value: Value, meant: str | None) -> Loss | None:
    """Return what is lost with a keyword of a load, None where that is nothing."""
    on, frozen = literal(value, ...), "the adapter is loaded frozen"
    if name in (*KEYWORDS, *_QUANTISES):
        fix = Proposal(f"Remove {name}", _UNSAFE, RemoveKeyword(name), (node,))
        cost = "what the base model was loaded with decides"
        story = ((body.node, "the base model is loaded here"),)
        loss = Loss(Severity.WARNING, cost, fix, story)
        return loss if _is_missed(body, name, value) else None
    if name == "inference_mode" and on is False:
        visitor = RenameKeyword(name, "is_trainable", "True")
        fix = Proposal("Pass is_trainable=True instead", _UNSAFE, visitor, (node,))
        return Loss(Severity.ERROR, frozen, fix)
    if name in _TRAINABLE or meant == "is_trainable":
        return _renamed(node, name, "is_trainable", frozen, _SAFE) if on else None
    return _renamed(node, name, meant, f"it is called {meant}", _UNSAFE) if meant else None


def _is_missed(body: Body, name: str, value: Value) -> bool:
    """Return whether the base surely lacks the dtype or the quantisation that is asked for."""
    if name in KEYWORDS:
        wanted = dtype_of(value)
        return wanted is not None and loaded_as(body, wanted) is False
    known = body.complete and not body.escaped and body.quantised is False
    return known and literal(value) is True


def _in_save(
    node: ast.Call, name: str, value: Value, meant: str | None, safety: Applicability
) -> Loss | None:
    """Return what is lost with a keyword of a save, None where that is nothing."""
    on = literal(value, ...)
    if name == "push_to_hub" and on:
        severity = Severity.ERROR if on is True else Severity.WARNING
        visitor = MoveKeywords(node, "push_to_hub", _PUSH)
        fix = Proposal("Push the adapter with push_to_hub", _UNSAFE, visitor, (node,))
        return Loss(severity, "nothing is pushed", fix)
    if name == _OLD and on:
        return _renamed(node, name, _NEW, "the adapter is saved unconverted", safety)
    return _renamed(node, name, meant, f"it is called {meant}", _UNSAFE) if meant else None


def _renamed(node: Node, name: str, new: str, cost: str, safety: Applicability) -> Loss:
    fix = Proposal(f"Rename the keyword to {new}", safety, RenameKeyword(name, new), (node,))
    return Loss(Severity.ERROR, cost, fix)
