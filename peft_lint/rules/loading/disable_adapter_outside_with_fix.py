"""How PEF114 is fixed: a call that does what is meant."""

from __future__ import annotations

from peft_lint.events import NoOp
from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import NoFix, Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


def proposal(event: NoOp, trained: bool) -> Proposal:
    """Return the fix for a line that does nothing."""
    safe = Applicability.UNSAFE if trained and event.how != "train" else Applicability.SAFE
    targets = (event.node,)
    if event.how in ("eval", "train"):
        return Proposal(f"Call {event.how}()", safe, CallMethod(), targets)
    if event.how == "training":
        return Proposal("Call eval() instead", safe, CallInstead("eval", ""), targets)
    if event.how == "active_adapter":
        title = "Activate the adapter with set_adapter"
        return Proposal(title, Applicability.UNSAFE, CallInstead("set_adapter"), targets)
    title = "Switch the adapters off with disable_adapter_layers"
    return Proposal(title, Applicability.UNSAFE, SwitchOff(), targets)


class CallMethod:
    """Rewrite `model.eval` as `model.eval()`."""

    def leave_Attribute(
        self, original: cst.Attribute, updated: cst.Attribute, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Return the call."""
        import libcst as cst

        return cst.Call(updated)


class CallInstead:
    """Rewrite `model.attribute = value` as `model.method(value)`, or with other `arguments`."""

    def __init__(self, method: str, arguments: str | None = None) -> None:
        self._method = method
        self._arguments = arguments

    def leave_Assign(
        self, original: cst.Assign, updated: cst.Assign, rewriting: Rewriting
    ) -> cst.BaseSmallStatement:
        """Return the call as a statement."""
        import libcst as cst

        target = updated.targets[0].target
        if len(updated.targets) != 1 or not isinstance(target, cst.Attribute):
            raise NoFix("several names are assigned at once")
        arguments = self._arguments
        if arguments is None:
            arguments = rewriting.code(updated.value)
        owner = rewriting.code(target.value)
        return cst.Expr(rewriting.expression(f"{owner}.{self._method}({arguments})"))


class SwitchOff:
    """Rewrite `model.disable_adapter()` as `model.disable_adapter_layers()`."""

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Call the method that acts by itself."""
        import libcst as cst

        if not isinstance(updated.func, cst.Attribute):
            raise NoFix("the call does not spell its model")
        function = updated.func.with_changes(attr=cst.Name("disable_adapter_layers"))
        return updated.with_changes(func=function)
