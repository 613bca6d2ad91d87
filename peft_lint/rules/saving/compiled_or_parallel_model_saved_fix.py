"""The fix of PEF506: the model inside the wrapper is asked for its weights."""

from __future__ import annotations

import ast

from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class AskInside:
    """Rewrite `compiled` as `compiled._orig_mod`, and `parallel` as `parallel.module`."""

    def __init__(self, receiver: ast.expr, attribute: str) -> None:
        self._text = ast.unparse(receiver)
        self._attribute = attribute

    def leave_Name(
        self, original: cst.Name, updated: cst.Name, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Return the attribute of the name."""
        return rewriting.expression(f"{self._text}.{self._attribute}")

    def leave_Attribute(
        self, original: cst.Attribute, updated: cst.Attribute, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Return the attribute of the attribute."""
        return rewriting.expression(f"{self._text}.{self._attribute}")
