"""PEF417: tokens are added for a training that leaves their embeddings as they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Trained, Wrapped
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Adapter, Body, Node
from peft_lint.knowledge.modules import has_module
from peft_lint.locations import locate, start_of
from peft_lint.rules.vocabulary import (
    additions,
    given_tokens,
    is_published,
    surely_new,
    takes_embeddings,
)
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal, Suspicion
from peft_lint.syntax.keywords import AddKeyword

_GETTERS = ("get_input_embeddings", "get_output_embeddings", "embed_tokens", "wte")
# What only asks how many rows there are.
_SIZES = ("shape", "size", "num_embeddings", "out_features")
_TENSORS = ("weight", "data")


class Rule:
    """Looks at each training of a resized model: whether an adapter has the new rows."""

    def __init__(self) -> None:
        self._found: dict[Node, tuple[Node, Adapter, Body]] = {}
        self._cleared: set[Node] = set()
        # Adapters on a model whose weights are as they were published.
        self._first: set[Node] = set()

    def on_wrapped(self, event: Wrapped, scene: Scene) -> None:
        """Note whether the rows may have been trained, or loaded, before."""
        if event.before.trained is False:
            self._first.add(event.node)

    def on_trained(self, event: Trained, scene: Scene) -> None:
        """Note the config of an adapter that leaves the embeddings of a resized model alone."""
        body = scene.body(event)
        adapters = body.adapters or ()
        frozen = all(takes_embeddings(one) is False for one in adapters) and body.others is False
        for one in adapters:
            if one.config is None:
                continue
            if not frozen or body.escaped or one.node not in self._first:
                self._cleared.add(one.config.node)
            elif body.resized is not None and one.in_place is True and is_published(body):
                self._found.setdefault(one.config.node, (event.node, one, body))

    def finish(self, scene: Scene) -> Iterator[Suspicion]:
        """Report them, if the document surely adds tokens of its own, and does no more for them."""
        tree = scene.document.tree
        added = [call for call in additions(tree) if _is_new(call, tree)]
        if not added or _touches_embeddings(tree):
            return
        for node, (run, adapter, body) in self._found.items():
            config = adapter.config
            if node not in self._cleared and config is not None and body.resized is not None:
                story = (
                    (added[0], "tokens are added here"),
                    (body.resized, "their rows in the embeddings are made up here"),
                    (adapter.node, "the adapter freezes them here"),
                    (run, "and this training leaves them as they are"),
                )
                yield Suspicion(
                    code="PEF417",
                    severity=Severity.WARNING,
                    message="the embeddings of the new tokens are not trained with this config",
                    anchor=config.node,
                    story=story,
                    cause=config.node,
                    proposals=_proposals(config.node, body, added, scene),
                )


def _is_new(call: ast.Call, tree: ast.Module) -> bool:
    tokens = given_tokens(call)
    return tokens is not None and surely_new(tokens, tree)


def _touches_embeddings(tree: ast.Module) -> bool:
    """Return whether the document unfreezes or fills parameters, or takes embeddings in hand.

    It may ask for their size.
    """
    nodes = list(ast.walk(tree))
    sizes = {
        part
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr in _SIZES
        for part in ast.walk(node)
    }
    return any(node not in sizes and _touches(node) for node in nodes)


def _touches(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in _GETTERS
    if isinstance(node, ast.Assign):
        (target, *_) = node.targets
        unfreezes = isinstance(target, ast.Attribute) and target.attr == "requires_grad"
        return unfreezes and not _is_false(node.value)
    if isinstance(node, ast.Subscript):
        inside = (part for part in ast.walk(node.value) if isinstance(part, ast.Attribute))
        return isinstance(node.ctx, ast.Store) and any(one.attr in _TENSORS for one in inside)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr == "requires_grad_" and not any(map(_is_false, node.args))
    return False


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _proposals(
    config: ast.Call, body: Body, added: list[ast.Call], scene: Scene
) -> tuple[Proposal, ...]:
    """Propose to train just these rows, where one call adds them, before the config, by a name."""
    (call, *others) = added
    tokens, function = given_tokens(call), call.func
    tree = scene.document.tree
    if (
        others
        or not isinstance(function, ast.Attribute)
        or not isinstance(function.value, ast.Name)
        or not isinstance(tokens, (ast.Name, ast.List))
        or locate(tree, call).scopes[-1] is not locate(tree, config).scopes[-1]
        or start_of(call) > start_of(config)
        or any(word.arg in (None, "trainable_token_indices") for word in config.keywords)
        or scene.symbol(config.func) != "peft.LoraConfig"
        or not scene.machine.target.at_least("peft", "0.15")
        or has_module(body.family, "embed_tokens") is not True
    ):
        return ()
    ids = f"{function.value.id}.convert_tokens_to_ids({scene.document.source(tokens)})"
    visitor = AddKeyword("trainable_token_indices", f'{{"embed_tokens": {ids}}}')
    title = "Train the rows of the new tokens as well"
    return (Proposal(title, Applicability.UNSAFE, visitor, (config,)),)
