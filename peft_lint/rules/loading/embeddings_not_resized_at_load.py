"""PEF108: an adapter trained with a larger vocabulary meets a base that still has the small one."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Body, Node
from peft_lint.interpreter.values import literal
from peft_lint.rules.reloads import Reload, Reloads, Stored
from peft_lint.scene import Scene
from peft_lint.suspicion import NoFix, Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

# Decoders whose tokenizers come without a token for padding, and how people call a new one.
_WITHOUT_PAD = frozenset(
    "llama mistral mixtral gpt2 gpt_neo gpt_neox gptj falcon phi qwen2 qwen3 stablelm".split()
)
_PADS = frozenset({"[PAD]", "[pad]", "<pad>", "<PAD>", "<|pad|>", "<|PAD|>"})
# Statements whose bodies run whenever they do.
_PLAIN = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.With)
# Keywords with which a base is loaded in another size, or a load may disagree.
_SIZES = frozenset({"vocab_size", "config", "ignore_mismatched_sizes"})


class Rule(Reloads):
    """Compares the vocabulary of the model that was saved with that of the base at the load."""

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report loads on a base that no world resizes, from folders that only resized fill."""
        for stored, reloads in self.pairs(scene):
            resizes = [one.body.resized for one in stored]
            resize = resizes[0]
            if resize is None or None in resizes or any(one.body.resized for one in reloads):
                continue
            bases = [*(one.body for one in stored), *(one.body for one in reloads)]
            if not _same_base(bases, scene) or not _enlarges(bases[0].family, scene.document.tree):
                continue
            if _SIZES.isdisjoint(word.arg for word in reloads[0].node.keywords):
                yield _suspicion(stored[0], reloads[0], resize)


def _enlarges(family: str | None, tree: ast.Module) -> bool:
    """Return whether the document surely adds tokens: a resize alone may change nothing."""
    if family in _WITHOUT_PAD and any(_adds_padding(node) for node in ast.walk(tree)):
        return True
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _PLAIN):
            waiting += node.body
        elif isinstance(node, (ast.Expr, ast.Assign)) and _adds_tokens(node.value):
            return True
    return False


def _adds_tokens(node: ast.AST) -> bool:
    """Return whether a node is a call that gives a tokenizer tokens of the project's own."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    special = node.func.attr == "add_special_tokens"
    return node.func.attr == "add_tokens" or (
        special and "additional_special_tokens" in _entries(node)
    )


def _adds_padding(node: ast.AST) -> bool:
    """Return whether a node is a call that gives a tokenizer a new token for padding."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    token = _entries(node).get("pad_token") if node.func.attr == "add_special_tokens" else None
    return isinstance(token, ast.Constant) and token.value in _PADS


def _entries(call: ast.Call) -> dict[object, ast.expr]:
    """Return the entries of the dict that a call is given."""
    given = call.args[0] if call.args else None
    if not isinstance(given, ast.Dict):
        return {}
    pairs = zip(given.keys, given.values, strict=True)
    return {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}


def _same_base(bodies: list[Body], scene: Scene) -> bool:
    """Return whether all were loaded from one id, with the size that it says."""
    ids = {literal(body.checkpoint) for body in bodies}
    source = ids.pop() if len(ids) == 1 else None
    if not isinstance(source, str) or os.path.normpath(source) in scene.machine.saved:
        return False
    sizes = (name for body in bodies for name, _ in body.arguments)
    known = all(body.complete for body in bodies) and _SIZES.isdisjoint(sizes)
    # Embeddings that are put in place by hand have the size that they have.
    return known and not any(map(scene.assigns, ("vocab_size", "embed_tokens", "wte", "weight")))


def _suspicion(stored: Stored, reload: Reload, resize: Node) -> Suspicion:
    proposals: tuple[Proposal, ...] = ()
    if stored.function is reload.function:
        proposals = (
            Proposal(
                "Resize the embeddings of the base before the load",
                Applicability.UNSAFE,
                ResizeFirst(reload, resize),
                (reload.node,),
            ),
        )
    return Suspicion(
        code="PEF108",
        severity=Severity.ERROR,
        message="the adapter was saved with a resized vocabulary, and this base is not resized",
        anchor=reload.node,
        story=(
            (resize, "the embeddings are resized here"),
            (stored.node, "the adapter is saved here, with embeddings of the new size"),
            (reload.node, "and loaded onto a base of the old size here, which raises"),
        ),
        cause=reload.node,
        proposals=proposals,
    )


class ResizeFirst:
    """Insert `base.resize_token_embeddings(…)` before the load, as the training had it."""

    def __init__(self, reload: Reload, resize: Node) -> None:
        self._reload = reload
        self._resize = resize

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line, where the base has a name."""
        load, resize = self._reload.node, self._resize
        base = load.args[0] if load.args else None
        if isinstance(load.func, ast.Attribute) and load.func.attr == "load_adapter":
            base = load.func.value
        if not isinstance(base, ast.Name) or not isinstance(resize, ast.Call) or not resize.args:
            raise NoFix("the base has no name here")
        size = rewriting.copy(resize.args[0], load)
        rewriting.insert_before(load, f"{base.id}.resize_token_embeddings({size})")
