"""PEF105: an adapter is loaded or mixed, and the model answers without it: nothing activates it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from peft_lint.document import Document
from peft_lint.events import Activated, AdapterLoaded, Inference, Merged, Mixed, ModelEvent
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import PEFT_MODELS, Adapter, Body, Node
from peft_lint.lean import Record
from peft_lint.rules.unseen_uses import may_be_used, named_again
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion


class Candidate(Record):
    """An adapter that its call did not activate, and the first answer without it."""

    node: ast.Call
    adapter: Adapter
    active: tuple[str, ...]
    how: str
    sink: ModelEvent


class Rule:
    """Follows such adapters to where the model answers; any use on any path discharges."""

    def __init__(self) -> None:
        self._made: dict[Node, str] = {}
        self._used: set[Node] = set()
        self._found: dict[Node, Candidate] = {}
        # Words that the interpreter has seen to the end.
        self._seen: set[ast.AST] = set()

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Open the obligation: PEFT's own `load_adapter` leaves the active adapter as it is."""
        if event.how == "load_adapter" and scene.handle(event).kind in PEFT_MODELS:
            self._made[event.node] = "loaded"
        else:
            self._discharge(scene.body(event).adapters)

    def on_mixed(self, event: Mixed, scene: Scene) -> None:
        """Open the obligation for the mix, and discharge that of its parts."""
        self._see(event)
        self._made[event.node] = "mixed"
        adapters = scene.body(event).adapters or ()
        parts = event.parts
        self._discharge(one for one in adapters if parts is None or one.name in parts)

    def on_activated(self, event: Activated, scene: Scene) -> None:
        """An adapter was chosen: it has a use, here or elsewhere."""
        self._see(event)
        self._discharge_active(scene.body(event))

    def on_escaped(self, event: ModelEvent, scene: Scene) -> None:
        """Code out of view, a trainer, or code on the weights may use it, or saving is its use."""
        self._discharge(scene.body(event).adapters)

    on_trained = on_saved = on_state_dict_loaded = on_escaped

    def on_merged(self, event: Merged, scene: Scene) -> None:
        """A merge without names merges what is active."""
        if isinstance(event.node, ast.Call) and _names_adapters(event.node):
            self._discharge(scene.body(event).adapters)
        else:
            self._reach(event, scene)

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """An answer is given by what is active."""
        self._reach(event, scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what nothing activates, in view or, as far as one can tell, out of view."""
        found = [one for one in self._found.values() if one.node not in self._used]
        if not found or may_be_used(scene.document, self._seen):
            return
        for candidate in found:
            if not named_again(scene.document, candidate.adapter):
                yield _suspicion(candidate, scene.document)

    def _see(self, event: ModelEvent) -> None:
        if isinstance(event.node, ast.Call):
            self._seen.add(event.node.func)

    def _reach(self, event: ModelEvent, scene: Scene) -> None:
        body = scene.body(event)
        self._discharge_active(body)
        active = body.active
        if not active or body.enabled is not True or _is_router(body):
            return
        for adapter in body.adapters or ():
            node = adapter.node
            if node in self._made and adapter.name not in active and isinstance(node, ast.Call):
                candidate = Candidate(node, adapter, active, self._made[node], event)
                self._found.setdefault(node, candidate)

    def _discharge_active(self, body: Body) -> None:
        adapters = body.adapters or ()
        active = body.active
        self._discharge(one for one in adapters if active is None or one.name in active)

    def _discharge(self, adapters: Iterable[Adapter] | None) -> None:
        self._used.update(one.node for one in adapters or ())


def _is_router(body: Body) -> bool:
    """Return whether an adapter chooses among the others by itself."""
    configs = [one.config for one in body.active_adapters()]
    return any(one is not None and one.class_name == "XLoraConfig" for one in configs)


def _names_adapters(call: ast.Call) -> bool:
    """Return whether a call says, or may say, which adapters it is about."""
    named = any(word.arg in (None, "adapter_names") for word in call.keywords)
    return named or bool(call.args)


def _suspicion(candidate: Candidate, document: Document) -> Suspicion:
    from peft_lint.rules.activating import Activate

    node, name, how = candidate.node, candidate.adapter.name, candidate.how
    active = " and ".join(repr(one) for one in candidate.active)
    spelled = [part for part in ast.walk(node) if isinstance(part, ast.Constant)]
    texts = [document.source(part) for part in spelled if part.value == name]
    fix = Activate(texts[-1] if texts else repr(name))
    title = "Activate the adapter with set_adapter"
    does = "is merged" if isinstance(candidate.sink, Merged) else "answers"
    return Suspicion(
        code="PEF105",
        severity=Severity.ERROR,
        message=f"adapter {name!r} is {how} and never activated: the model {does} without it",
        anchor=node,
        story=(
            (node, f"adapter {name!r} is {how} here; {active} stays the active one"),
            (candidate.sink.node, f"and the model {does} here with {active}"),
        ),
        cause=node,
        proposals=(Proposal(title, Applicability.UNSAFE, fix, (node,)),),
    )
