"""The fix of PEF510: the adapter is saved into a folder that is called as the file was."""

from __future__ import annotations

import ast
import os

from peft_lint.lean import TYPE_CHECKING
from peft_lint.suspicion import NoFix

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.rewriting import Rewriting

_EXTENSIONS = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".safetensors")


class SaveAdapter:
    """Rewrite `torch.save(model.state_dict(), "x.pt")` as `model.save_pretrained("x")`."""

    def __init__(self, call: ast.Call, whole: bool) -> None:
        self._call = call
        self._whole = whole

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Call the method of what the call itself spells as a name."""
        import libcst as cst

        given = self._call.args
        if len(given) != 2 or self._call.keywords:
            raise NoFix("more than a model and a path")
        model = given[0]
        if isinstance(model, ast.Call) and isinstance(model.func, ast.Attribute):
            model = model.func.value
        elif not self._whole:
            raise NoFix("the model has no name here")
        method = cst.Attribute(
            rewriting.expression(rewriting.source(model)), cst.Name("save_pretrained")
        )
        folder = updated.args[1].with_changes(value=_without_extension(updated.args[1].value))
        return updated.with_changes(func=method, args=[folder])


def _without_extension(path: cst.BaseExpression) -> cst.BaseExpression:
    """Return a path whose last text, if it is the name of such a file, is that of a folder."""
    import libcst as cst

    if isinstance(path, cst.SimpleString):
        text = path.raw_value
        return path.with_changes(value=f"{path.prefix}{path.quote}{_stem(text)}{path.quote}")
    if isinstance(path, cst.FormattedString) and path.parts:
        *parts, last = path.parts
        if isinstance(last, cst.FormattedStringText):
            return path.with_changes(parts=[*parts, last.with_changes(value=_stem(last.value))])
    elif isinstance(path, cst.BinaryOperation):
        return path.with_changes(right=_without_extension(path.right))
    elif isinstance(path, cst.Call) and path.args:
        *others, argument = path.args
        changed = argument.with_changes(value=_without_extension(argument.value))
        return path.with_changes(args=[*others, changed])
    return path


def _stem(text: str) -> str:
    stem, extension = os.path.splitext(text)
    return stem if extension in _EXTENSIONS else text
