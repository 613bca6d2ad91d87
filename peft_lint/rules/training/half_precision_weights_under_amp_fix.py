"""The fix of PEF406: what is trained is cast to float32 before it comes to an optimizer."""

from __future__ import annotations

import ast

from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import NoFix, Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

_TITLE = "Cast what is trained to float32"


def in_trainer(call: ast.Call) -> tuple[Proposal, ...]:
    """Return the fix before a trainer is made, where the call spells its model."""
    named = [word.value for word in call.keywords if word.arg == "model"]
    return _proposals(call, [*named, *call.args[:1]])


def in_loop(call: ast.Call) -> tuple[Proposal, ...]:
    """Return the fix before an optimizer is made, where the call draws from the model."""
    draws = ("parameters", "named_parameters")
    nodes = (node for node in ast.walk(call) if isinstance(node, ast.Attribute))
    return _proposals(call, [node.value for node in nodes if node.attr in draws])


def _proposals(call: ast.Call, models: list[ast.expr]) -> tuple[Proposal, ...]:
    inner = models[0] if models else None
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    if not isinstance(inner, ast.Name):
        return ()
    return (Proposal(_TITLE, Applicability.UNSAFE, CastBefore(models[0]), (call,)),)


class CastBefore:
    """Insert `cast_mixed_precision_params(model, torch.float16)` before the call's statement."""

    def __init__(self, model: ast.expr) -> None:
        self._model = model

    def visit_Call(self, node: cst.Call, rewriting: Rewriting) -> None:
        """Insert the line."""
        model = rewriting.source(self._model)
        if "\n" in model:
            raise NoFix("the model is spelled on several lines")
        cast = rewriting.spelling("peft.cast_mixed_precision_params")
        half = rewriting.spelling("torch.float16")
        rewriting.insert_before(rewriting.target, f"{cast}({model}, {half})")
