"""How PEF116 is fixed: the folder or the name that the adapter has."""

from __future__ import annotations

import ast

from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import Proposal
from peft_lint.syntax.keywords import AddKeyword

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.rules.loading.adapter_path_mismatch import Load
    from peft_lint.syntax.rewriting import Rewriting


def proposals(load: Load, name: str | None) -> tuple[Proposal, ...]:
    """Return the fix, where the folder of one adapter is meant."""
    if name is None:
        return ()
    if isinstance(load.path, ast.Constant):
        visitor: object = AppendFolder(name)
        return (Proposal("Load it from there", Applicability.SAFE, visitor, (load.path,)),)
    if load.how.startswith("AutoPeft"):
        return ()
    visitor = AddKeyword("subfolder", f'"{name}"')
    return (Proposal("Load it from there", Applicability.SAFE, visitor, (load.node,)),)


class AppendFolder:
    """Rewrite `"folder"` as `"folder/name"`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def leave_SimpleString(
        self, original: cst.SimpleString, updated: cst.SimpleString, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Return the longer string, in its own quotes."""
        end = updated.value[-len(updated.quote) :]
        text = updated.value[: -len(updated.quote)].removesuffix("/")
        return rewriting.expression(f"{text}/{self._name}{end}")
