"""PEF105: an adapter is loaded or mixed, and the model answers without it: nothing activates it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from peft_lint.events import (
    Activated,
    AdapterLoaded,
    Escaped,
    ModelEvent,
    Inference,
    Merged,
    Mixed,
    Saved,
    StateDictLoaded,
    Trained,
)
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Body, Kind, Node
from peft_lint.interpreter.values import literal
from peft_lint.scene import Scene
from peft_lint.suspicion import NoFix, Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

# By these words code out of view, or code that works on the weights itself, may use an adapter.
_MAY_USE = frozenset(
    {
        "adapter_names",
        "set_adapter",
        "set_adapters",
        "state_dict",
        "named_parameters",
        "named_modules",
        "get_peft_model_state_dict",
        "add_weighted_adapter",
    }
)


class Candidate(NamedTuple):
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
        if event.how == "load_adapter" and scene.handle(event).kind in (Kind.PEFT, Kind.MIXED):
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

    def on_escaped(self, event: Escaped, scene: Scene) -> None:
        """Code out of view may activate it."""
        self._discharge(scene.body(event).adapters)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """A trainer may switch adapters: those of a policy and its reference."""
        self._discharge(scene.body(event).adapters)

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """It was loaded or mixed to be saved."""
        self._discharge(scene.body(event).adapters)

    def on_state_dict_loaded(self, event: StateDictLoaded, scene: Scene) -> None:
        """Code that works on the weights itself may use it."""
        self._discharge(scene.body(event).adapters)

    def on_merged(self, event: Merged, scene: Scene) -> None:
        """A merge without names merges what is active."""
        if isinstance(event.node, ast.Call) and _names_adapters(event.node, positional=True):
            self._discharge(scene.body(event).adapters)
        else:
            self._reach(event, scene)

    def on_inference(self, event: Inference, scene: Scene) -> None:
        """An answer is given by what is active."""
        self._reach(event, scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what nothing activates, in view or, as far as one can tell, out of view."""
        found = [one for one in self._found.values() if one.node not in self._used]
        if not found or _may_be_used(scene.document.tree, self._seen):
            return
        for candidate in found:
            if not _named_again(scene.document.tree, candidate):
                yield _suspicion(candidate)

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


def _names_adapters(call: ast.Call, positional: bool) -> bool:
    """Return whether a call says, or may say, which adapters it is about."""
    return any(word.arg in (None, "adapter_names") for word in call.keywords) or (
        positional and bool(call.args)
    )


def _may_be_used(tree: ast.Module, seen: set[ast.AST]) -> bool:
    """Return whether the document uses adapters in a way that was not followed."""
    for node in ast.walk(tree):
        word: object = None
        if isinstance(node, ast.Attribute) and node not in seen:
            word = node.attr
        elif isinstance(node, ast.keyword):
            word = node.arg
        elif isinstance(node, ast.Constant):
            word = node.value
        elif isinstance(node, ast.Name):
            word = node.id
        if isinstance(word, str) and word in _MAY_USE:
            return True
    return False


def _named_again(tree: ast.Module, candidate: Candidate) -> bool:
    """Return whether the adapter's name is handed to something else, which may activate it."""
    return any(
        isinstance(part, ast.Constant) and part.value == candidate.adapter.name
        for node in ast.walk(tree)
        if node is not candidate.node
        for argument in _handed_over(node)
        for part in ast.walk(argument)
    )


def _handed_over(node: ast.AST) -> list[ast.expr]:
    """Return what a call is given, or an attribute of an object."""
    if isinstance(node, ast.Call):
        return [*node.args, *(word.value for word in node.keywords)]
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
        return [node.value]
    return []


def _suspicion(candidate: Candidate) -> Suspicion:
    node, name, how = candidate.node, candidate.adapter.name, candidate.how
    active = " and ".join(repr(one) for one in candidate.active)
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
        proposals=(
            Proposal(
                "Activate the adapter with set_adapter",
                Applicability.UNSAFE,
                Activate(candidate),
                (node,),
            ),
        ),
    )


class Activate:
    """Insert `model.set_adapter(name)` after the call."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line, where the call spells its model as a plain name or attribute."""
        call, name = self._candidate.node, self._candidate.adapter.name
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        inner = owner
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if owner is None or not isinstance(inner, ast.Name):
            raise NoFix("the model has no name here")
        spelled = [part for part in ast.walk(call) if isinstance(part, ast.Constant)]
        texts = [rewriting.source(part) for part in spelled if part.value == name]
        argument = texts[-1] if texts else repr(name)
        rewriting.insert_after(call, f"{rewriting.source(owner)}.set_adapter({argument})")
