"""PEF109: a PeftModel class is called to load an adapter, where only `from_pretrained` does."""

from __future__ import annotations

from peft_lint.events import Constructed
from peft_lint.finding import Applicability, Severity
from peft_lint.interpreter.objects import Node
from peft_lint.lean import TYPE_CHECKING
from peft_lint.scene import Scene
from peft_lint.suspicion import OnePerPlace, Proposal, Suspicion

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class Rule(OnePerPlace):
    """Collects such calls."""

    def on_constructed(self, event: Constructed, scene: Scene) -> None:
        """A class was called with a path, or one that cannot be called at all."""
        self._found.setdefault(event.node, _suspicion(event.node, event.class_name))


def _suspicion(node: Node, name: str) -> Suspicion:
    what = f"{name}(…) takes no path"
    if name.startswith("AutoPeftModel"):
        what = f"{name} cannot be called"
    return Suspicion(
        code="PEF109",
        severity=Severity.ERROR,
        message=f"{what}: an adapter is loaded by {name}.from_pretrained",
        anchor=node,
        story=((node, "the class itself is called here, which raises"),),
        cause=node,
        proposals=(
            Proposal(
                f"Call {name}.from_pretrained",
                Applicability.UNSAFE,
                CallFromPretrained(),
                (node,),
            ),
        ),
    )


class CallFromPretrained:
    """Rewrite `PeftModel(base, path)` as `PeftModel.from_pretrained(base, path)`."""

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Call the class method, under its own name of the second argument."""
        import libcst as cst

        from peft_lint.syntax.calls import rename_keyword

        function = cst.Attribute(updated.func, cst.Name("from_pretrained"))
        call = updated.with_changes(func=function)
        named = any(arg.keyword and arg.keyword.value == "peft_config" for arg in call.args)
        return rename_keyword(call, "peft_config", "model_id") if named else call
