"""What is shown where the pointer rests: a rule's page, or what is known of a model there."""

from __future__ import annotations

import ast

from peft_lint.document import Document, DocumentError
from peft_lint.finding import Finding, Span
from peft_lint.rule_page import explanation
from peft_lint.selection import find
from peft_lint.server.checking import Checked


def hover(checked: Checked, offset: int) -> tuple[str, Span] | None:
    """Return Markdown about the place, and the range it is about; None where there is nothing."""
    document = checked.document
    try:
        named = _named(document, offset)
    except DocumentError:
        named = None
    if named is not None:
        from peft_lint.trace import about

        words = about(document, checked.target, *named)
        if words:
            return f"```text\n{words}```", document.span(named[0])
    touching = [one for one in checked.findings if one.span.start <= offset < one.span.end]
    if not touching:
        return None
    narrow = min(touching, key=lambda one: one.span.end - one.span.start)
    return _page(narrow), narrow.span


def _page(finding: Finding) -> str:
    rule = find(finding.code)
    if rule is None:
        return finding.message
    return f"**{rule.code} {rule.name}**\n\n{explanation(rule)}"


def _named(document: Document, offset: int) -> tuple[ast.expr, int] | None:
    """Return the name or dotted name at a place, and the line that its statement begins on."""
    line = 0
    found: ast.expr | None = None
    for node in ast.walk(document.tree):
        if isinstance(node, (ast.stmt, ast.Name, ast.Attribute)):
            span = document.span(node)
            if span.start <= offset < span.end:
                # The walk goes from the outside in.
                if isinstance(node, ast.stmt):
                    line = node.lineno
                elif isinstance(node, ast.Name) or offset >= document.span(node.value).end:
                    found = node
    return (found, line) if found is not None else None
