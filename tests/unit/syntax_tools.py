"""Toy visitors and short cuts that the tests of the syntax package share."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.finding import Applicability, Severity
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.calls import add_keyword
from peft_lint.syntax.driver import Flagged, flag


class Load:
    """get_peft_model(base, config) -> PeftModel.from_pretrained(base, "id")."""

    def leave_Call(self, original, updated, rewriting):
        name = rewriting.spelling("peft.PeftModel")
        config = updated.args[1].with_changes(value=rewriting.expression('"id"'))
        return updated.with_changes(
            func=rewriting.expression(f"{name}.from_pretrained"),
            args=[updated.args[0], config, *updated.args[2:]],
        )


class TaskType:
    """Adds task_type=TaskType.SEQ_CLS."""

    def leave_Call(self, original, updated, rewriting):
        name = rewriting.spelling("peft.TaskType")
        return add_keyword(updated, "task_type", f"{name}.SEQ_CLS")


class Eval:
    """Inserts model.eval() before the statement."""

    def __init__(self, node):
        self.node = node

    def visit_Call(self, node, rewriting):
        rewriting.insert_before(self.node, "model.eval()")


def document(text: str) -> Document:
    return Document("x.py", text)


def calls(doc: Document, name: str) -> list[ast.Call]:
    """Calls whose function's text ends with `name`, in the order of the text."""
    found = [
        node
        for node in ast.walk(doc.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name)
    ]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def suspicion(anchor, *visitors, applicability=Applicability.SAFE, targets=None) -> Suspicion:
    proposals = tuple(
        Proposal("Do it", applicability, visitor, targets or (anchor,)) for visitor in visitors
    )
    return Suspicion("PEF999", Severity.ERROR, "wrong", anchor, ((anchor, "here"),), 1, proposals)


def one(text: str, name: str, visitor, index: int = 0) -> tuple[Document, Flagged]:
    """Flag the index-th call of `name`; `visitor` may be a class that takes the node."""
    doc = document(text)
    node = calls(doc, name)[index]
    made = visitor(node) if isinstance(visitor, type) and visitor is Eval else visitor
    made = made() if isinstance(made, type) else made
    return doc, flag(doc, [suspicion(node, made)])[0]


def fixed(text: str, name: str, visitor, index: int = 0) -> str | None:
    """Return the text after the fix, or None where none is offered."""
    doc, flagged = one(text, name, visitor, index)
    if not flagged.fixes:
        return None
    result = doc.edited(flagged.fixes[0].edits).text
    ast.parse(result)
    return result
