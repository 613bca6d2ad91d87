"""PEF501: the merged model is dropped, and the wrapper that is left without adapter is saved."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Enclosed, Merged, Saved
from peft_lint.finding import Severity
from peft_lint.interpreter.objects import Body, Handle, Kind, Node
from peft_lint.lean import Record
from peft_lint.names import method_of
from peft_lint.scene import Scene
from peft_lint.suspicion import Suspicion


class Drop(Record):
    """A statement that merges and keeps no result; `loop` is one around it in `function`."""

    call: ast.Call
    statement: ast.Expr
    function: ast.AST | None
    loop: ast.AST | None


class Loss(Record):
    """A use of the wrapper afterwards; `model` is how the use spells it, if it does."""

    drop: Drop
    node: Node
    wraps: bool
    model: ast.expr | None
    function: ast.AST | None


class Rule:
    """Remembers merges whose result is dropped, and looks at what is done with the wrappers."""

    def __init__(self) -> None:
        self._drops: dict[Node, Drop] = {}
        self._losses: dict[Node, Loss] = {}

    def on_merged(self, event: Merged, scene: Scene) -> None:
        """Note a `merge_and_unload()` that is a statement of its own."""
        statement, call = scene.machine.statement, event.node
        if not isinstance(statement, ast.Expr) or not isinstance(call, ast.Call):
            return
        part: ast.expr = statement.value
        while part is not call and isinstance(part, (ast.Call, ast.Attribute)):
            part = part.func if isinstance(part, ast.Call) else part.value
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if part is call and method == "merge_and_unload":
            drop = Drop(call, statement, scene.function, scene.loop)
            self._drops[scene.body(event).node] = drop

    def on_saved(self, event: Saved, scene: Scene) -> None:
        """Suspect a save of a wrapper whose adapter is merged away."""
        chosen = {name for name, _ in event.keywords}
        if event.by_method and "state_dict" not in chosen:
            method = method_of(event.node) if event.how != "save_model" else None
            model = method.value if method is not None else None
            self._add(scene.handle(event), scene.body(event), event.node, model, scene)

    def on_enclosed(self, event: Enclosed, scene: Scene) -> None:
        """Suspect a wrap of such a wrapper: its keys have one prefix too many."""
        base = scene.world.heap[event.base]
        if isinstance(base, Handle):
            self._add(base, event.before, event.node, event.base_node, scene, wraps=True)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report the merges."""
        for loss in self._losses.values():
            every = [one for one in self._losses.values() if one.drop == loss.drop]
            yield _suspicion(loss, every, scene)

    def _add(
        self,
        handle: Handle,
        body: Body,
        node: Node,
        model: ast.expr | None,
        scene: Scene,
        wraps: bool = False,
    ) -> None:
        drop = self._drops.get(body.node)
        empty = handle.kind is Kind.PEFT and body.adapters == () and not body.escaped
        if drop is not None and empty:
            self._losses.setdefault(node, Loss(drop, node, wraps, model, scene.function))


def _suspicion(loss: Loss, every: list[Loss], scene: Scene) -> Suspicion:
    from peft_lint.rules.saving.merge_result_discarded_fix import proposals

    call = loss.drop.call
    end = "and the wrapper is saved here: there is no adapter left in it, and no base"
    message = "the merged model is dropped: what is saved afterwards has no weights in it"
    if loss.wraps:
        end = "and the wrapper, not the merged model, is wrapped again here"
        message = (
            "the merged model is dropped: "
            "an adapter on the wrapper that stays loads without its weights"
        )
    return Suspicion(
        code="PEF501",
        severity=Severity.ERROR,
        message=message,
        anchor=call,
        story=(
            (call, "the adapter is merged, and the merged model dropped, here"),
            (loss.node, end),
        ),
        cause=loss.node if loss.wraps else call,
        proposals=proposals(loss, every, scene),
    )
