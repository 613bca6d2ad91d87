"""One call with its arguments evaluated, as library models and functions receive it."""

from __future__ import annotations

import ast

from peft_lint.interpreter.values import Unknown, Value, literal
from peft_lint.lean import TYPE_CHECKING, Record

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine


class Call(Record):
    """One call with its arguments evaluated.

    `complete` is False when a `*args` or `**kwargs` of unknown content was passed.
    `receiver` is the object whose method is called.
    """

    machine: Machine
    node: ast.Call
    args: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]
    complete: bool = True
    receiver: Value | None = None

    def get(self, position: int | None, name: str) -> Value | None:
        """Return an argument given by position or by name; None when it was not given."""
        for keyword, value in self.keywords:
            if keyword == name:
                return value
        if position is not None and position < len(self.args):
            return self.args[position]
        return None

    def constant(self, position: int | None, name: str, default: object = None) -> object:
        """Return an argument's one literal value, else `default`."""
        return literal(self.get(position, name), default)

    def node_of(self, position: int | None, name: str) -> ast.expr | None:
        """Return the expression of an argument as the call spells it."""
        for keyword in self.node.keywords:
            if keyword.arg == name:
                return keyword.value
        if position is not None and position < len(self.node.args):
            node = self.node.args[position]
            plain = self.node.args[: position + 1]
            return None if any(isinstance(one, ast.Starred) for one in plain) else node
        return None

    def values(self) -> tuple[Value, ...]:
        """Return all arguments."""
        if not self.keywords:
            return self.args
        return (*self.args, *[value for _, value in self.keywords])


def bare(machine: Machine, node: ast.AST) -> Call:
    """Return a call without arguments that the text does not spell, for a property or hook."""
    nowhere = ast.Call(func=ast.Name("", ast.Load()), args=[], keywords=[])
    place = node.body if isinstance(node, ast.Lambda) else node
    return Call(machine, ast.copy_location(nowhere, place), (), ())


def is_spelled(node: ast.AST) -> bool:
    """Return whether the text spells a call, as it does not those that `bare` makes."""
    function = getattr(node, "func", None)
    return not (isinstance(function, ast.Name) and not function.id)


def result_of(machine: Machine, function: Value, call: Call) -> Unknown:
    """Return an unknown result that remembers whose outputs it was computed from."""
    result = machine.fresh(call.node)
    handles = result.handles
    for value in (function, *call.values()):
        if isinstance(value, Unknown):
            handles |= value.handles
    return Unknown(result.origin, handles, 1) if handles else result
