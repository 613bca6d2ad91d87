"""How PEF102 and PEF103 are fixed: the first adapter comes off, or the base is copied."""

from __future__ import annotations

import ast

from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import NoFix

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class ReplaceBase:
    """Write what a method of the base model returns for it in a call, or else a copy of it."""

    def __init__(self, base: ast.expr, method: str | None = None) -> None:
        self._base = base
        self._method = method

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Change the argument that the base is: the first one, or `model=`."""
        arguments = list(updated.args)
        for index, argument in enumerate(arguments):
            name = argument.keyword.value if argument.keyword else None
            if name == "model" or (name is None and index == 0):
                value = rewriting.expression(self._text(rewriting))
                arguments[index] = argument.with_changes(value=value)
                return updated.with_changes(args=arguments)
        raise NoFix("the base model is not spelled out")

    def _text(self, rewriting: Rewriting) -> str:
        base = rewriting.source(self._base)
        if self._method is None:
            return f"{rewriting.spelling('copy.deepcopy')}({base})"
        if not isinstance(self._base, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
            raise NoFix("the base model is not spelled as something that has methods")
        return f"{base}.{self._method}()"
