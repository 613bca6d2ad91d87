"""PEF321: the model and the config, or the model and an id, are passed in the wrong order."""

from __future__ import annotations

import ast

from peft_lint.events import ArgumentsSwapped
from peft_lint.finding import Applicability, Severity
from peft_lint.lean import TYPE_CHECKING
from peft_lint.rules.guards import expects
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

_RIGHT = {
    "get_peft_model": "the model comes first, then the config",
    "inject_adapter_in_model": "the config comes first, then the model",
    "add_adapter": "a PeftModel takes the name first, a model of transformers the config",
}
# What the call raises, which code that tries both orders catches.
_ERRORS = ("AttributeError", "TypeError", "ValueError", "Exception")


class Rule(OnePerPlace):
    """Reports each call whose arguments are the wrong way round."""

    def on_arguments_swapped(self, event: ArgumentsSwapped, scene: Scene) -> None:
        """Report it, unless the code reckons with the error."""
        spelled = event.node.func
        replaced = isinstance(spelled, ast.Attribute) and scene.assigns(spelled.attr)
        if not replaced and not expects(event, scene, *_ERRORS):
            self._found.setdefault(event.node, _suspicion(event))


def _suspicion(event: ArgumentsSwapped) -> Suspicion:
    right = _RIGHT.get(event.how, "the model comes first")
    words = f"{event.how} gets its arguments in the wrong order: {right}"
    fix = Proposal("Swap the two arguments", Applicability.SAFE, SwapArguments(), (event.node,))
    return Suspicion(
        code="PEF321",
        severity=Severity.ERROR,
        message=words,
        anchor=event.node,
        story=((event.node, words),),
        cause=event.node,
        proposals=(fix,),
    )


class SwapArguments:
    """Write the first two arguments of the target the other way round."""

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Return the call with the two values swapped, in their places."""
        first, second, *others = updated.args
        swapped = (
            first.with_changes(value=second.value),
            second.with_changes(value=first.value),
        )
        return updated.with_changes(args=[*swapped, *others])
