"""Whether something in a document may fill, empty or move a folder that has an adapter."""

from __future__ import annotations

import ast
import os

from peft_lint.names import last_name
from peft_lint.scene import Scene

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What moves a folder, so that what was saved in one may lie in another.
_MOVES = frozenset({"shutil", "chdir", "rename", "symlink", "symlink_to", "subprocess"})
# What takes files away. Lists have a `remove` as well: then a rule is silent for nothing.
_REMOVES = frozenset({"remove", "unlink", "rmdir", "removedirs", "rmtree", "system"})
# Calls that may be given a folder and put no adapter into it.
_HARMLESS = frozenset(
    "from_pretrained load_adapter save_pretrained save_model push_to_hub makedirs mkdir print "
    "TrainingArguments SFTConfig set_adapter delete_adapter".split()
)


def moved(scene: Scene) -> bool:
    """Return whether the document moves folders, or lets another program do so."""
    return scene.names(_MOVES)


def emptied(scene: Scene) -> bool:
    """Return whether the document takes files away, or moves folders."""
    return scene.names(_MOVES | _REMOVES)


def filled(folder: str, scene: Scene) -> bool:
    """Return whether something else in the document may put an adapter into a folder."""
    if moved(scene):
        return True
    nodes = scene.document.nodes
    names = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and _is_below(node.value, folder)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    # What the document's own functions and classes do is in view.
    known = _HARMLESS | {node.name for node in nodes if isinstance(node, _DEFINITIONS)}
    for node in nodes:
        if isinstance(node, ast.Call) and last_name(node.func) not in known:
            for argument in (*node.args, *(word.value for word in node.keywords)):
                for part in ast.walk(argument):
                    named = isinstance(part, ast.Name) and part.id in names
                    if named or _is_below(part, folder):
                        return True
    return False


def _is_below(node: ast.AST, folder: str) -> bool:
    """Return whether a literal is the path of a folder, or of something in it."""
    path = node.value if isinstance(node, ast.Constant) else None
    inside = os.path.join(folder, "")
    return isinstance(path, str) and os.path.join(os.path.normpath(path), "").startswith(inside)
