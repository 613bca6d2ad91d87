"""How PEF402 and PEF412 are fixed: two calls on one model are made in the other order."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.finding import Applicability
from peft_lint.interpreter.objects import Node
from peft_lint.lean import TYPE_CHECKING, Record
from peft_lint.locations import locate
from peft_lint.suspicion import Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class Step(Record):
    """A call that gives a model back, and the argument that the model is."""

    node: Node
    model: ast.expr


def turned(
    title: str, first: Step, second: Step, document: Document, *, same_kind: bool = True
) -> tuple[Proposal, ...]:
    """Return the fix, where one call is in the other, or both rebind one name in one block.

    It is safe where nothing stands between the two, and what follows gets the `same_kind` of
    object as before: the one that the second call made.
    """
    if second.model is first.node:
        return (Proposal(title, Applicability.UNSAFE, Turn(first, second, None), (second.node,)),)
    block, one = _assignment(document, first.node)
    same, other = _assignment(document, second.node)
    if block is not same or one is None or other is None or one[1] != other[1]:
        return ()
    adjacent = block.index(other[0]) == block.index(one[0]) + 1
    safety = Applicability.SAFE if adjacent and same_kind else Applicability.UNSAFE
    turn = Turn(first, second, one[1])
    return (Proposal(title, safety, turn, (first.node, second.node)),)


def _assignment(
    document: Document, node: Node
) -> tuple[list[ast.stmt], tuple[ast.stmt, str] | None]:
    """Return the block around a call, and the statement `name = call` if it is such."""
    location = locate(document.tree, node)
    statement = location.statement
    if isinstance(statement, ast.Assign) and statement.value is node:
        (*_, target) = statement.targets
        if len(statement.targets) == 1 and isinstance(target, ast.Name):
            return location.blocks[-1].body, (statement, target.id)
    return location.blocks[-1].body, None


class Turn:
    """Write `x = first(x)` and `x = second(x)` in the other order, or `second(first(x))` so."""

    def __init__(self, first: Step, second: Step, name: str | None) -> None:
        self._first, self._second, self._name = first, second, name

    def leave_Call(
        self, original: cst.Call, updated: cst.Call, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Write the other call in place of each, with what it is then called on."""
        first, second = self._first, self._second
        document = rewriting.document
        inner = _with(document, second, rewriting.source(first.model))
        if self._name is None:
            text = _with(document, first, inner)
        elif rewriting.target is first.node:
            text = inner
        else:
            text = _with(document, first, self._name)
        return rewriting.expression(text)


def _with(document: Document, step: Step, text: str) -> str:
    """Return the text of a call with another text for its model."""
    whole, part = document.span(step.node), document.span(step.model)
    before = document.text[whole.start : part.start]
    return before + text + document.text[part.end : whole.end]
