"""How rules change arguments of a call: visitors that name, rewrite, take away or move them."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from peft_lint.finding import Applicability
from peft_lint.lean import TYPE_CHECKING
from peft_lint.locations import locate
from peft_lint.suspicion import NoFix, Proposal

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.interpreter.objects import Node
    from peft_lint.syntax.rewriting import Rewriting


def gives(call: ast.Call, node: ast.AST | None) -> bool:
    """Return whether an expression is the value of one of a call's own keywords."""
    return any(word.value is node for word in call.keywords)


def written(
    call: ast.Call,
    name: str,
    code: str,
    node: Node | None,
    safety: Applicability = Applicability.UNSAFE,
) -> tuple[Proposal, ...]:
    """Return the fix that writes `name=code` for a `node` which the call gives, else none."""
    if not gives(call, node):
        return ()
    return (Proposal(f"Write {name}={code}", safety, ReplaceKeyword(name, code), (call,)),)


def set_keyword(call: ast.Call, name: str, code: str) -> AddKeyword | ReplaceKeyword:
    """Return the visitor that gives a call the argument `name`, or the one it has another value."""
    spelled = any(word.arg == name for word in call.keywords)
    return (ReplaceKeyword if spelled else AddKeyword)(name, code)


def as_list(names: Iterable[str]) -> str:
    """Return how a list of names is written, each once."""
    return "[" + ", ".join(f'"{name}"' for name in dict.fromkeys(names)) + "]"


class AddKeyword:
    """Give the target the argument `name` with the code `value` as well."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Return the call with one argument more."""
        from peft_lint.syntax.calls import add_keyword

        return add_keyword(updated, self._name, self._value)


class NamePositions:
    """Give the positional arguments of the target these names."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Return the call with a name for each argument."""
        from peft_lint.syntax.calls import name_positions

        return name_positions(updated, self._names)


class RenameKeyword:
    """Call the argument `name` of the target `new`; `value` is code that replaces its value."""

    def __init__(self, name: str, new: str, value: str | None = None) -> None:
        self._name = name
        self._new = new
        self._value = value

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Return the call with the other name."""
        from peft_lint.syntax.calls import rename_keyword, replace_keyword

        call = rename_keyword(updated, self._name, self._new)
        return call if self._value is None else replace_keyword(call, self._new, self._value)


class ReplaceKeyword:
    """Give the argument `name` of the target another value, which is code."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Return the call with the other value."""
        from peft_lint.syntax.calls import replace_keyword

        if _is_parameter(self._name, rewriting):
            # What other callers give may be right.
            rewriting.show_only()
        return replace_keyword(updated, self._name, self._value)


class Replace:
    """Write the code `value` for the target."""

    def __init__(self, value: str) -> None:
        self._value = value

    def leave_Name(
        self, original: cst.BaseExpression, updated: cst.BaseExpression, rewriting: Rewriting
    ) -> cst.BaseExpression:
        """Return the other expression."""
        return rewriting.expression(self._value)

    leave_SimpleString = leave_Attribute = leave_Call = leave_Name


class RemoveKeyword:
    """Take the arguments `names` of the target away."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Return the call without them."""
        from peft_lint.syntax.calls import remove_keyword

        for name in self._names:
            updated = remove_keyword(updated, name)
        return updated


class MoveKeywords:
    """Give some keywords of `call` to a call of another method of the same object before it.

    The keyword that is called like the `method` goes away; NoFix without the first of `names`.
    """

    def __init__(self, call: ast.Call, method: str, names: tuple[str, ...]) -> None:
        self._call = call
        self._method = method
        self._names = names

    def leave_Call(self, original: cst.Call, updated: cst.Call, rewriting: Rewriting) -> cst.Call:
        """Insert the new call before the statement, and return the rest of the old one."""
        from peft_lint.syntax.calls import remove_keyword

        words = [word for word in self._call.keywords if word.arg in self._names]
        if not any(word.arg == self._names[0] for word in words):
            raise NoFix(f"the call does not pass {self._names[0]}")
        owner = rewriting.code(updated.func).rpartition(".")[0]
        arguments = ", ".join(rewriting.source(word) for word in words)
        rewriting.insert_before(self._call, f"{owner}.{self._method}({arguments})")
        for name in (self._method, *(word.arg for word in words if word.arg)):
            updated = remove_keyword(updated, name)
        return updated


def _is_parameter(name: str, rewriting: Rewriting) -> bool:
    """Return whether the argument `name` of the target is a parameter of the function around it."""
    given = [word.value for word in getattr(rewriting.target, "keywords", ()) if word.arg == name]
    scope = locate(rewriting.document.tree, rewriting.target).scopes[-1]
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    parts = ast.walk(scope.args) if isinstance(scope, functions) else ()
    names = {part.arg for part in parts if isinstance(part, ast.arg)}
    return any(isinstance(value, ast.Name) and value.id in names for value in given)
