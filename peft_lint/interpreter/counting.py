"""What a `while` counts: whether its test can hold in another round."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Hashable

from peft_lint.interpreter.values import key
from peft_lint.interpreter.world import World
from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine

_TESTS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def has_ended(machine: Machine, test: ast.expr, world: World) -> bool:
    """Return whether a test is false after the rounds so far: `count < 1` after `count += 1`.

    What is counted is a number only here: a loop is run twice, and what follows it holds for
    any number of rounds.
    """
    if isinstance(test, ast.Name):
        return _number(machine, test, world) == 0
    if not isinstance(test, ast.Compare) or type(test.ops[0]) not in _TESTS:
        return False
    left = _number(machine, test.left, world)
    right = _number(machine, test.comparators[0], world)
    if left is None or right is None or len(test.ops) > 1:
        return False
    return not _TESTS[type(test.ops[0])](left, right)


def _number(machine: Machine, node: ast.expr, world: World) -> float | None:
    """Return the number that a constant or a name stands for, None where the text has none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, (int, float)) else None
    value = world.lookup(machine.frame, node.id) if isinstance(node, ast.Name) else None
    return None if value is None else _computed(key(value))


def _computed(origin: Hashable) -> float | None:
    """Return what a sum or a difference of numbers gives."""
    match origin:
        case ("literal", ((_, int() | float() as number),)):
            return number
        case ("Add" | "Sub" as sign, left, right):
            one, two = _computed(left), _computed(right)
            if one is not None and two is not None:
                return one + two if sign == "Add" else one - two
    return None
