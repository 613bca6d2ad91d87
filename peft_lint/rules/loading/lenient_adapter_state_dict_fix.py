"""How PEF104 is fixed: PEFT's own function, or a look at the result."""

from __future__ import annotations

from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.configs import DEFAULT
from peft_lint.names import variables
from peft_lint.suspicion import NoFix

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting


class LoadAdapter:
    """Rewrite `model.load_state_dict(weights, strict=False)` as PEFT's own function."""

    def __init__(self, name: str) -> None:
        self._name = name

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Give the model first, then the weights, and the adapter's name unless it is default."""
        import libcst as cst

        weights = updated.args[0] if updated.args else None
        plain = weights is not None and not weights.star and not weights.keyword
        if weights is None or not plain or not isinstance(updated.func, cst.Attribute):
            raise NoFix("the weights are not the first argument")
        spelled = rewriting.spelling("peft.set_peft_model_state_dict")
        arguments = [rewriting.code(updated.func.value), rewriting.code(weights.value)]
        if self._name != DEFAULT:
            arguments.append(f'adapter_name="{self._name}"')
        call = rewriting.expression(f"{spelled}({', '.join(arguments)})")
        assert isinstance(call, cst.Call)
        return call


class Check:
    """Keep the result of a load, and ask it for names that did not match."""

    def leave_Expr(self, original: cst.Expr, updated: cst.Expr, rewriting: Rewriting) -> cst.Assign:
        """Bind the result to a name that the document does not use, and assert on it."""
        import libcst as cst

        used = variables(rewriting.document.tree)
        name = next((one for one in ("result", "loaded", "outcome") if one not in used), None)
        if name is None:
            raise NoFix("the obvious names are taken")
        line = f"assert not {name}.unexpected_keys, {name}.unexpected_keys"
        rewriting.insert_after(rewriting.target, line)
        return cst.Assign([cst.AssignTarget(cst.Name(name))], updated.value)
