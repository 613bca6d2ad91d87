"""PEF110: the model's name is bound to what a loading function returns, which is no model."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import AdapterLoaded, StateDictLoaded
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Kind, Node
from peft_lint.lean import TYPE_CHECKING
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class Rule:
    """Looks at each load by name: whether its result takes the place of the model."""

    def __init__(self) -> None:
        self._found: dict[Node, tuple[str, Suspicion]] = {}

    def on_adapter_loaded(self, event: AdapterLoaded, scene: Scene) -> None:
        """Look at `set_peft_model_state_dict(model, …)`."""
        node = event.node
        if event.how == "set_peft_model_state_dict" and isinstance(node, ast.Call) and node.args:
            self._look(node, node.args[0], event.how, scene)

    def on_state_dict_loaded(self, event: StateDictLoaded, scene: Scene) -> None:
        """Look at `model.load_state_dict(…)` of a model of PEFT's or transformers'."""
        node, plain = event.node, scene.handle(event).kind is Kind.PLAIN
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return
        if node.func.attr == "load_state_dict" and not (plain and not scene.body(event).adapters):
            self._look(node, node.func.value, "load_state_dict", scene)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found, unless the document puts a function of its own in place."""
        for how, suspicion in self._found.values():
            if not scene.assigns(how):
                yield suspicion

    def _look(self, call: ast.Call, model: ast.expr, how: str, scene: Scene) -> None:
        """Suspect a call whose result is assigned to the very name of the model."""
        statement = scene.machine.statement
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target: ast.expr = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign):
            target = statement.target
        else:
            return
        name = scene.document.source(target)
        if statement.value is call and name == scene.document.source(model):
            self._found.setdefault(call, (how, _suspicion(call, statement, name, how)))


def _suspicion(call: ast.Call, statement: ast.stmt, name: str, how: str) -> Suspicion:
    title = f"Do not assign the result to {name}"
    return Suspicion(
        code="PEF110",
        severity=Severity.ERROR,
        message=f"{how} returns the names that did not match, not the model: {name} is lost",
        anchor=call,
        story=(
            (call, f"the weights are loaded into {name} itself here"),
            (statement, f"and {name} is no model from here on"),
        ),
        cause=call,
        proposals=(Proposal(title, Applicability.SAFE, DropAssignment(), (statement,)),),
    )


class DropAssignment:
    """Rewrite `model = load(model)` as `load(model)`."""

    def leave_Assign(
        self, original: cst.Assign, updated: cst.Assign, rewriting: Rewriting
    ) -> cst.Expr:
        """Return the call alone."""
        import libcst as cst

        return cst.Expr(updated.value)

    def leave_AnnAssign(
        self, original: cst.AnnAssign, updated: cst.AnnAssign, rewriting: Rewriting
    ) -> cst.BaseSmallStatement:
        """Return the call alone."""
        import libcst as cst

        return cst.Expr(updated.value) if updated.value is not None else updated
