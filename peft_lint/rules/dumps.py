"""Weights that the code saves by hand: whether they are all there, and whether all are wanted."""

from __future__ import annotations

import ast

from peft_lint.events import Saved
from peft_lint.interpreter.objects import Adapter, Body
from peft_lint.interpreter.values import Unknown, is_given
from peft_lint.names import variables
from peft_lint.scene import Scene

# What reads such a file again: then all of it may be wanted, or a wrapper that is ready for it.
_READERS = ("load_state_dict", "torch.load", "load_file", "load_model", "safe_open")
# What shows that no file is kept: it stays in memory, or its size is all that is asked for.
_MEASURES = ("BytesIO", "getsize", "remove", "unlink")
# Tasks whose checkpoints bring all of the base; any other model may have a new head.
_WITHOUT_HEAD = (None, "CausalLM", "Seq2SeqLM", "MaskedLM")
_CHANGES = ("pop", "popitem", "update", "clear")
_FIELDS = ("task_type", "modules_to_save")


def is_state_dict(event: Saved, scene: Scene) -> bool:
    """Return whether what is saved is what `model.state_dict()` gave, and no choice of it."""
    weights = event.weights
    if not isinstance(weights, Unknown) or weights.origin != ("parameters", event.handle):
        return False
    names = variables(event.node)
    return not any(_changes(node, names) for node in scene.document.nodes)


def _changes(node: ast.AST, names: set[str]) -> bool:
    """Return whether code puts something into a dict of one of these names, or takes it out."""
    if isinstance(node, ast.Subscript):
        owner = node.value if not isinstance(node.ctx, ast.Load) else None
    else:
        owner = node.value if isinstance(node, ast.Attribute) and node.attr in _CHANGES else None
    return isinstance(owner, ast.Name) and owner.id in names


def adapter_is_all(body: Body) -> bool:
    """Return whether the adapter, which can be saved alone, is surely all that is new."""
    adapters = body.adapters or ()
    if not adapters or body.others is not False or body.escaped or body.state_dict_by:
        return False
    if body.checkpoint is None:
        # Built from a config: nobody else has the base.
        return False
    return all(
        one.merged is False and (body.task in _WITHOUT_HEAD or _sees_to_head(one))
        for one in adapters
    )


def _sees_to_head(adapter: Adapter) -> bool:
    """Return whether an adapter's config speaks of the head, which is then saved with it."""
    config = adapter.config
    fields = [] if config is None else [config.get(name) for name in _FIELDS]
    return any(is_given(value) for value in fields)


def reads_weights(scene: Scene) -> bool:
    """Return whether the document reads weights from files by itself, or keeps none."""
    for node in scene.document.nodes:
        if isinstance(node, (ast.Name, ast.Attribute)):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name in _READERS + _MEASURES or scene.symbol(node) in _READERS:
                return True
    return False


def mentions(scene: Scene, names: tuple[str, ...]) -> bool:
    """Return whether the document has such an attribute, or a text or path that begins so."""
    for node in scene.document.nodes:
        if isinstance(node, ast.Attribute) and node.attr in names:
            return True
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and text.rpartition("/")[2].startswith(names):
            return True
    return False
