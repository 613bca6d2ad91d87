"""Whether a checkpoint lies at a path of the script's own: a model that some run has trained."""

from __future__ import annotations

import ast
import os
from collections.abc import Hashable

from peft_lint import knowledge
from peft_lint.interpreter.values import Literal, Symbol, Unknown, Value, literal
from peft_lint.scene import Scene

# What texts and paths are put together by.
_COMPOSING = frozenset({"text", "Add", "Div", "Mod", "format"})
# Modules whose functions give paths on disk.
_OF_PATHS = frozenset({"os", "os.path", "pathlib", "glob", "tempfile"})


def is_own_path(path: Value | None, scene: Scene) -> bool:
    """Return whether a script puts a path together, or names it as one on disk.

    One that ends with the name of a well-known checkpoint may be a copy of that.
    """
    if isinstance(path, Unknown):
        name = _last_text(path.origin)
        own = _is_put_together(path.origin)
    elif isinstance(path, Literal):
        name = literal(path)
        own = isinstance(name, str) and _is_on_disk(name, path.node, scene)
    else:
        return False
    known = isinstance(name, str) and knowledge.checkpoint(os.path.basename(os.path.normpath(name)))
    return own and not known


def _is_put_together(origin: Hashable) -> bool:
    if isinstance(origin, Symbol):
        return origin.name.rpartition(".")[0] in _OF_PATHS
    if not isinstance(origin, tuple) or not origin:
        return False
    return origin[0] in _COMPOSING or any(map(_is_put_together, origin))


def _is_on_disk(name: str, node: ast.expr | None, scene: Scene) -> bool:
    """Return whether a text is a path, and no id: of those none has more than one slash."""
    if not isinstance(node, ast.Constant) or os.path.isabs(name) or name.startswith((".", "~")):
        return True
    folder = os.path.dirname(os.path.normpath(name))
    return "/" in folder or (bool(folder) and _is_folder(folder, scene))


def _is_folder(name: str, scene: Scene) -> bool:
    """Return whether the document names a folder by a text of its own, or saves below it."""
    saved = (os.path.dirname(path) for path in scene.machine.saved)
    texts = (node.value for node in scene.document.nodes if isinstance(node, ast.Constant))
    return name in saved or any(isinstance(one, str) and one.rstrip("/") == name for one in texts)


def _last_text(origin: Hashable) -> object:
    """Return the text that something put together ends with, None where it is none."""
    match origin:
        case (*_, ("literal", ((_, text),))):
            return text
    return None
