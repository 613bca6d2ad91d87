"""Signs in a document that an adapter has a use which the interpreter did not follow."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.interpreter.objects import Adapter

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


def may_be_used(document: Document, seen: set[ast.AST]) -> bool:
    """Return whether the document uses adapters in a way that was not followed."""
    for node in document.nodes:
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


def named_again(document: Document, adapter: Adapter) -> bool:
    """Return whether the adapter's name is handed to something else, which may activate it."""
    return any(
        isinstance(part, ast.Constant) and part.value == adapter.name
        for node in document.nodes
        if node is not adapter.node
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
