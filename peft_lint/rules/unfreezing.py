"""Reads from the text which part of a model is unfrozen by hand, and what else is done (B11)."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.interpreter.objects import Node
from peft_lint.rules.vocabulary import EMBEDDINGS
from peft_lint.scene import Scene

# How an adapter's own modules are called.
_OF_ADAPTERS = ("lora", "modules_to_save", "default", "adapter", "token")


def unfrozen_part(node: Node, scene: Scene) -> str | None:
    """Return the last name of a part of the base that a node unfreezes, None for all else.

    `model.lm_head.requires_grad_(True)`, `model.lm_head.weight.requires_grad = True`, and the
    latter for each parameter of `model.lm_head.parameters()`.
    """
    owner: ast.expr | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        given = [*node.args, *(word.value for word in node.keywords)]
        if all(isinstance(one, ast.Constant) and one.value is True for one in given):
            owner = node.func.value
    elif isinstance(node, ast.Attribute):
        statement = scene.machine.statement
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(value, ast.Constant) and value.value is True:
            owner = node.value
    if isinstance(owner, ast.Name):
        owner = _drawn_from(owner.id, scene.loop)
    names: list[str] = []
    while isinstance(owner, ast.Attribute):
        names.append(owner.attr)
        owner = owner.value
    names = [one for one in names if one not in ("weight", "bias")]
    own = not any(word in one for one in names for word in _OF_ADAPTERS if one not in EMBEDDINGS)
    known = names and own and names[0] not in ("base_model", "model", "module")
    return names[0] if known and isinstance(owner, ast.Name) else None


def _drawn_from(name: str, loop: ast.AST | None) -> ast.expr | None:
    """Return the module whose parameters a loop goes through under a name, each."""
    if (
        isinstance(loop, ast.For)
        and isinstance(loop.target, ast.Name)
        and loop.target.id == name
        and len(loop.body) == 1
        and isinstance(loop.iter, ast.Call)
        and isinstance(loop.iter.func, ast.Attribute)
        and loop.iter.func.attr == "parameters"
    ):
        return loop.iter.func.value
    return None


def chooses_or_saves(document: Document) -> bool:
    """Return whether a document picks an adapter's parameters by name, or writes tensors itself.

    Then a part may be left out of training, or be kept in a file of its own, out of view.
    """
    for node in document.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "lora_" in node.value:
            return True
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute) and function.attr in ("save", "save_file"):
                return True
            if isinstance(function, ast.Name) and function.id in ("save_file", "save_model"):
                return True
    return False
