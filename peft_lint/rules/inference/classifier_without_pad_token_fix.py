"""The fix of PEF205: the model's config gets the tokenizer's pad token, once both are there."""

from __future__ import annotations

import ast

from peft_lint.events import PadTokenSet
from peft_lint.interpreter.objects import Node
from peft_lint.lean import TYPE_CHECKING
from peft_lint.locations import locate, start_of
from peft_lint.suspicion import NoFix

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class GivePadToken:
    """Insert `model.config.pad_token_id = tokenizer.pad_token_id`."""

    def __init__(self, loaded: ast.stmt | None, given: PadTokenSet, use: Node | None) -> None:
        self._loaded = loaded
        self._given = given
        self._use = use

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line, where one function names the model and the tokenizer."""
        loaded, owner = self._loaded, self._given.owner
        names = isinstance(loaded, ast.Assign) and loaded.value is rewriting.target
        if not names or owner is None:
            raise NoFix("the model or the tokenizer has no name here")
        assert isinstance(loaded, ast.Assign)
        model = rewriting.source(loaded.targets[0])
        line = f"{model}.config.pad_token_id = {rewriting.source(owner)}.pad_token_id"
        tree = rewriting.document.tree
        first, second = locate(tree, loaded), locate(tree, self._given.node)
        if first.scopes[-1] is not second.scopes[-1]:
            raise NoFix("the model and the tokenizer are in two functions")
        if start_of(second.statement) < start_of(loaded):
            rewriting.insert_after(loaded, line)
        elif second.blocks[-1].body is first.blocks[-1].body:
            rewriting.insert_after(self._given.node, line)
        elif self._use is not None and locate(tree, self._use).scopes[-1] is first.scopes[-1]:
            # Only some paths give the tokenizer a token of its own, but all get here.
            rewriting.insert_before(self._use, line)
        else:
            raise NoFix("no place where both are there")
