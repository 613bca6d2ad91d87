"""What PEF205 asks of batches: how large they are, and who tells the model's config of padding."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from peft_lint import knowledge
from peft_lint.events import TrainerMade
from peft_lint.interpreter.objects import Arguments, Body, Node, Trainer
from peft_lint.interpreter.values import is_given, literal
from peft_lint.scene import Scene

_FIELD = "pad_token_id"
# The default of both batch sizes of training arguments.
_DEFAULT_SIZE = 8


def trainer_batch(trainer: Trainer, field: str, scene: Scene) -> int | None:
    """Return the size that `per_device_train_batch_size` or its like gives, None if unknown."""
    if trainer.arguments is None:
        return _DEFAULT_SIZE
    arguments = scene.world.state(trainer.arguments)
    if not isinstance(arguments, Arguments):
        return None
    value = arguments.get(field)
    if value is None:
        return _DEFAULT_SIZE if arguments.complete else None
    size = literal(value)
    return size if isinstance(size, int) else None


def loader_batch(scene: Scene) -> int | None:
    """Return the smallest batch of the document's data loaders, None if one is not written down.

    Without a loader it is one: rows may come one by one.
    """
    sizes: list[int | None] = []
    for node in scene.document.nodes:
        if not isinstance(node, ast.Call):
            continue
        if scene.symbol(node.func) == "torch.utils.data.DataLoader":
            given = [word.value for word in node.keywords if word.arg == "batch_size"]
            size = (given or node.args[1:2] or [ast.Constant(1)])[0]
            value = size.value if isinstance(size, ast.Constant) else None
            sizes.append(value if isinstance(value, int) else None)
    known_sizes = [size for size in sizes if size is not None]
    smallest = min(known_sizes, default=None) if sizes else 1
    return smallest if smallest == 1 or len(known_sizes) == len(sizes) else None


def aligns_pad_token(made: TrainerMade, scene: Scene) -> bool:
    """Return whether a trainer sets the model's pad token when it trains, or may (C4)."""
    if made.library != "transformers" or not made.complete or len(made.args) > 5:
        return True
    given = dict(made.keywords)
    tokenizer = given.get("processing_class", given.get("tokenizer"))
    return is_given(tokenizer) and scene.machine.target.at_least("transformers", "4.56")


def writes_pad_token(scene: Scene, but: Iterable[Node]) -> bool:
    """Return whether the document writes a `pad_token_id`, `but` by statements for a tokenizer."""
    tokenizers = {id(node) for one in but for node in ast.walk(one)}
    for node in scene.document.nodes:
        if isinstance(node, ast.Attribute):
            named = isinstance(node.ctx, ast.Store) and node.attr == _FIELD
            if named and id(node) not in tokenizers:
                return True
        keyword = isinstance(node, ast.keyword) and node.arg == _FIELD
        if keyword or (isinstance(node, ast.Constant) and node.value == _FIELD):
            return True
        if _is_any_setattr(node):
            return True
    return False


def _is_any_setattr(node: ast.AST) -> bool:
    """Return whether a node sets an attribute whose name it works out."""
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "setattr":
        return False
    return len(node.args) > 1 and not isinstance(node.args[1], ast.Constant)


def lacks_pad_token(body: Body) -> bool:
    """Return whether a body is a classifier of a checkpoint whose config has no pad token."""
    checkpoint = literal(body.checkpoint)
    known = knowledge.checkpoint(checkpoint) if isinstance(checkpoint, str) else None
    return (
        known is not None
        and known.pad_token is False
        and body.task == "SequenceClassification"
        and body.complete
        and not body.escaped
        and all(name != "config" for name, _ in body.arguments)
    )
