"""How PEF402 is fixed: the preparation goes before the wrap."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from peft_lint.document import Document
from peft_lint.events import (
    Enclosed,
    Prepared,
)
from peft_lint.finding import Applicability
from peft_lint.interpreter.objects import Node
from peft_lint.suspicion import NoFix, Proposal
from peft_lint.syntax.locations import locate

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


def proposals(event: Prepared, wrap: Enclosed | None, document: Document) -> tuple[Proposal, ...]:
    """Return the fix, where the text spells the wrap and its model."""
    title = "Prepare the model before it gets its adapter"
    if wrap is None or wrap.base_node is None or event.model_node is None:
        return ()
    if event.model_node is wrap.node:
        turn = Turn(event, wrap, None)
        return (Proposal(title, Applicability.UNSAFE, turn, (event.node,)),)
    block, first = _assignment(document, wrap.node)
    other, second = _assignment(document, event.node)
    if block is not other or first is None or second is None or first[1] != second[1]:
        return ()
    adjacent = block.index(second[0]) == block.index(first[0]) + 1
    safety = Applicability.SAFE if adjacent else Applicability.UNSAFE
    return (Proposal(title, safety, Turn(event, wrap, first[1]), (wrap.node, event.node)),)


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
    """Write `x = prepare(x)` and `x = wrap(x, config)` in the other order, or nested so."""

    def __init__(self, event: Prepared, wrap: Enclosed, name: str | None) -> None:
        self._event, self._wrap, self._name = event, wrap, name

    def leave_Call(
        self, original: cst.Call, updated: cst.Call, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Write the other call in place of each, with what it is then called on."""
        event, wrap = self._event, self._wrap
        if wrap.base_node is None or event.model_node is None:
            raise NoFix("the model is not spelled out")
        document = rewriting.document
        base = rewriting.source(wrap.base_node)
        prepare = _with(document, event.node, event.model_node, base)
        if self._name is None:
            text = _with(document, wrap.node, wrap.base_node, prepare)
        elif rewriting.target is wrap.node:
            text = prepare
        else:
            text = _with(document, wrap.node, wrap.base_node, self._name)
        return rewriting.expression(text)


def _with(document: Document, call: Node, argument: ast.expr, text: str) -> str:
    """Return the text of a call with another text for one of its arguments."""
    whole, part = document.span(call), document.span(argument)
    before = document.text[whole.start : part.start]
    return before + text + document.text[part.end : whole.end]
