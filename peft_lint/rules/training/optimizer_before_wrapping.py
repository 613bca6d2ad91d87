"""PEF403: an optimizer was made before the adapter, and its steps never change that."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.document import Document
from peft_lint.events import Stepped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Node
from peft_lint.lean import TYPE_CHECKING
from peft_lint.rules.untrained import displaced, unheld
from peft_lint.scene import Scene
from peft_lint.suspicion import NoFix, Proposal, Suspicion
from peft_lint.syntax.locations import locate

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

# Further apart, the two are no neighbours that only change places.
_FAR = 8


class Rule:
    """Looks at each step of an optimizer: whether it holds the adapters that can be trained."""

    def __init__(self) -> None:
        self._found: dict[Node, Suspicion] = {}

    def on_stepped(self, event: Stepped, scene: Scene) -> None:
        """Suspect an optimizer that can change none of the adapters that are to be trained."""
        found = None if displaced(event, scene) else unheld(event, scene)
        if found is not None and not any(one.node in found.left_out for one in found.adapters):
            made = event.optimizer.node
            suspicion = _suspicion(made, found.adapters[0], event.node, scene.document)
            self._found.setdefault(made, suspicion)

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report what was found."""
        yield from self._found.values()


def _suspicion(made: ast.Call, adapter: Adapter, step: Node, document: Document) -> Suspicion:
    return Suspicion(
        code="PEF403",
        severity=Severity.ERROR,
        message="the optimizer is made before the adapter, whose weights it will never change",
        anchor=made,
        story=(
            (made, "the optimizer gets the model's parameters here"),
            (adapter.node, "the adapter comes only here, and freezes them"),
            (step, "so that this step changes nothing"),
        ),
        cause=made,
        proposals=_proposals(made, adapter, document),
    )


def _proposals(made: ast.Call, adapter: Adapter, document: Document) -> tuple[Proposal, ...]:
    """Propose to make the optimizer after the adapter, where both stand in one block."""
    location, other = locate(document.tree, made), locate(document.tree, adapter.node)
    block = location.blocks[-1].body
    if other.blocks[-1].body is not block:
        return ()
    first, last = block.index(location.statement), block.index(other.statement)
    moved = block[first : last + 1]
    if not 0 < last - first <= _FAR or not _movable(moved, made, document):
        return ()
    title = "Make the optimizer after the model has its adapter"
    return (Proposal(title, Applicability.SAFE, Rotate(moved), tuple(moved)),)


def _movable(statements: list[ast.stmt], made: ast.Call, document: Document) -> bool:
    """Return whether the first of some statements can be the last, and nothing else changes."""
    optimizer, *others = statements
    if not all(isinstance(one, (ast.Assign, ast.Expr)) for one in statements):
        return False
    given = made.args[0] if made.args else None
    if not (
        isinstance(optimizer, ast.Assign)
        and optimizer.value is made
        and isinstance(optimizer.targets[0], ast.Name)
        and isinstance(given, ast.Call)
        and isinstance(given.func, ast.Attribute)
        and isinstance(given.func.value, ast.Name)
    ):
        return False
    name, model = optimizer.targets[0].id, given.func.value.id
    *between, wrap = others
    whole = document.text[document.span(statements[0]).start : document.span(wrap).end]
    used = {n.id for one in statements[1:] for n in ast.walk(one) if isinstance(n, ast.Name)}
    bound = {
        n.id
        for one in between
        for n in ast.walk(one)
        if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)
    }
    names = {n.id for n in ast.walk(optimizer.value) if isinstance(n, ast.Name)}
    lines = {one.lineno for one in statements}
    return (
        len(lines) == len(statements)
        and "#" not in whole
        and name not in used
        and not bound & names
        and model in {n.id for n in ast.walk(wrap) if isinstance(n, ast.Name)}
    )


class Rotate:
    """Write the first of some statements after all the others."""

    def __init__(self, statements: list[ast.stmt]) -> None:
        self._statements = statements

    def leave_Assign(
        self, original: cst.CSTNode, updated: cst.CSTNode, rewriting: Rewriting
    ) -> cst.CSTNode:
        """Write the next statement in place of each, and the first in place of the last."""
        import libcst as cst

        at = self._statements.index(rewriting.target)  # type: ignore[arg-type]
        next_one = self._statements[(at + 1) % len(self._statements)]
        parsed = cst.parse_statement(rewriting.source(next_one))
        if not isinstance(parsed, cst.SimpleStatementLine):
            raise NoFix("no simple statement")
        return parsed.body[0]

    leave_Expr = leave_Assign
