"""How PEF501 is fixed: the merged model gets a name."""

from __future__ import annotations

import ast

from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.scene import Scene
from peft_lint.suspicion import Proposal
from peft_lint.syntax.statements import Bind

if TYPE_CHECKING:
    from peft_lint.rules.saving.merge_result_discarded import Loss

# What a PeftModel and the model inside it have in common.
_BOTH = frozenset(
    {"save_pretrained", "push_to_hub", "eval", "generate", "config", "generation_config"}
    | {"device", "dtype", "to", "half", "cuda", "cpu", "bfloat16", "float"}
)


def proposals(loss: Loss, every: list[Loss], scene: Scene) -> tuple[Proposal, ...]:
    """Return the fix, where the merge and all uses spell one model in a way that can be bound."""
    drop, source = loss.drop, scene.document.source
    owner = drop.call.func.value if isinstance(drop.call.func, ast.Attribute) else None
    if not isinstance(owner, (ast.Name, ast.Attribute)):
        return ()
    spelled = {None if one.model is None else source(one.model) for one in every}
    if spelled != {source(owner)}:
        return ()
    applicability = Applicability.UNSAFE
    if isinstance(owner, ast.Name):
        around = drop.function or scene.document.tree
        if any(one.function is not drop.function for one in every) or not _binds(around, owner):
            return ()
        if drop.loop is None and _fit_both(around, owner):
            applicability = Applicability.SAFE
    title = f"Keep the merged model: {source(owner)} = …"
    return (Proposal(title, applicability, Bind(source(owner)), (drop.statement,)),)


def _binds(scope: ast.AST, name: ast.Name) -> bool:
    """Return whether a name is one of the scope's own: a function may not bind a global's."""
    return any(
        (isinstance(node, ast.arg) and node.arg == name.id)
        or (isinstance(node, ast.Name) and node.id == name.id and isinstance(node.ctx, ast.Store))
        for node in ast.walk(scope)
    )


def _fit_both(scope: ast.AST, name: ast.Name) -> bool:
    """Return whether all that is done with a name after the merge works on a plain model too."""
    nodes = list(ast.walk(scope))
    uses = {
        node
        for node in nodes
        if isinstance(node, ast.Name) and node.id == name.id and node.lineno > name.lineno
    }
    fit = {node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr in _BOTH}
    return uses <= fit
