"""How PEF113 is fixed: the class, or the number of labels, that the saved adapter has."""

from __future__ import annotations

import ast

from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import NoFix, Proposal
from peft_lint.syntax.keywords import set_keyword

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.rules.loading.head_shape_mismatch import Mismatch
    from peft_lint.rules.reloads import Reload
    from peft_lint.syntax.rewriting import Rewriting


def proposals(reload: Reload, mismatch: Mismatch) -> tuple[Proposal, ...]:
    """Return the fix of the call that makes the model which the adapter meets."""
    fitting, made = mismatch.fitting, reload.body.node
    if not isinstance(made, ast.Call) or fitting is None:
        return ()
    names = {word.arg for word in made.keywords}
    visitor: object
    if isinstance(fitting, str):
        title, visitor = f"Load a model of {fitting}", ChangeClass(fitting)
    elif "id2label" in names or "label2id" in names:
        return ()
    else:
        title = f"Give the model {fitting} labels"
        visitor = set_keyword(made, "num_labels", str(fitting))
    return (Proposal(title, Applicability.UNSAFE, visitor, (made,)),)


class ChangeClass:
    """Rewrite `AutoModel.from_pretrained(…)` with another class."""

    def __init__(self, name: str) -> None:
        package = "peft" if name.startswith("AutoPeft") else "transformers"
        self._symbol = f"{package}.{name}"

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Change what the method is called on."""
        import libcst as cst

        if not isinstance(updated.func, cst.Attribute):
            raise NoFix("the call does not spell its class")
        owner = rewriting.expression(rewriting.spelling(self._symbol))
        return updated.with_changes(func=updated.func.with_changes(value=owner))
