"""Where a document ends a text in an end token, as what is trained on does."""

from __future__ import annotations

import ast
from collections.abc import Collection

_ENDS = ("eos_token", "eos_token_id")
# Methods of logs, and those that look for an end token in a text that is there.
_LOGS = ("debug", "info", "warning", "error", "log", "print", "write")
_LOOKS = ("startswith", "endswith", "removesuffix", "split", "count", "find")


def written(tree: ast.Module, others: Collection[ast.expr] = ()) -> ast.expr | None:
    """Return where the document puts an end token at a text: `text + tokenizer.eos_token`.

    Those of the tokenizers that `others` make are left out, by names that hold nothing else.
    """
    assigned: dict[str, list[ast.expr]] = {}
    bound: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    assigned.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.append(node.id)
        elif isinstance(node, ast.arg):
            bound.append(node.arg)
    apart = {
        name
        for name, values in assigned.items()
        if bound.count(name) == len(values) and all(one in others for one in values)
    }
    names = {
        name
        for name, values in assigned.items()
        if any(_is_end(one, set(), apart) for one in values)
    }
    stops = _stops(tree)
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if _is_apart(node, stops):
            continue
        part = _last(node)
        if part is not None and _is_end(part, names, apart):
            return part
        stack += ast.iter_child_nodes(node)
    return None


def _last(node: ast.AST) -> ast.expr | None:
    """Return what a sum or an f-string ends in, None where it is something else."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return node.right
    if isinstance(node, ast.AugAssign):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [one for one in node.values if not (_text(one) or "x").isspace()]
        last = parts[-1] if parts else None
        return last.value if isinstance(last, ast.FormattedValue) else None
    return None


def _text(node: ast.expr) -> str | None:
    """Return a constant part of an f-string."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _stops(tree: ast.Module) -> set[str]:
    """Return the names of what generation stops at: `generate(…, eos_token_id=stops)`."""
    return {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword)
        and node.arg == "eos_token_id"
        and isinstance(node.value, ast.Name)
    }


def _is_end(node: ast.expr, names: set[str], apart: set[str]) -> bool:
    """Return whether an expression is an end token, or a list that has one."""
    if isinstance(node, ast.Attribute):
        owner = node.value.id if isinstance(node.value, ast.Name) else None
        return node.attr in _ENDS and owner not in apart
    if isinstance(node, ast.List):
        return any(_is_end(item, names, apart) for item in node.elts)
    return isinstance(node, ast.Name) and node.id in names


def _is_apart(node: ast.AST, stops: set[str]) -> bool:
    """Return whether what stands inside is for people to read, compared, or where to stop."""
    if isinstance(node, ast.Call):
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else None
        return name in (*_LOGS, *_LOOKS) or (
            isinstance(function, ast.Name) and function.id == "print"
        )
    if isinstance(node, ast.keyword):
        return node.arg == "eos_token_id"
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(one, ast.Name) and one.id in stops for one in targets)
    return isinstance(node, (ast.Raise, ast.Assert, ast.Compare))
