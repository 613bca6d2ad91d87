"""One evaluator per kind of expression that has others in it."""

from __future__ import annotations

import ast
from collections.abc import Callable

from peft_lint.interpreter import access, calls, conditions, containers, shares
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    Entries,
    Function,
    Items,
    Literal,
    Unknown,
    Value,
    contained,
    derived,
    drawn_from,
    joined,
    key,
    literal,
    merged,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.outline import inside

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine

_Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
_NUMBERS = (int, float)
_COMPARISONS: dict[type[ast.cmpop], tuple[str, bool]] = {
    ast.Eq: ("==", True),
    ast.NotEq: ("==", False),
    ast.Is: ("is", True),
    ast.IsNot: ("is", False),
    ast.In: ("in", True),
    ast.NotIn: ("in", False),
    ast.Lt: ("<", True),
    ast.GtE: ("<", False),
    ast.Gt: (">", True),
    ast.LtE: (">", False),
}


def _attribute(machine: Machine, node: ast.Attribute) -> Value:
    if node.value.__class__ is not ast.Attribute:
        return access.attribute(machine, machine.eval(node.value), node.attr)
    # Left-deep chains iterate, so that a thousand links cost no stack.
    chain = [node]
    while isinstance(chain[-1].value, ast.Attribute):
        chain.append(chain[-1].value)
    value = machine.eval(chain[-1].value)
    for link in reversed(chain):
        value = access.attribute(machine, value, link.attr)
    return value


def _items(machine: Machine, node: ast.List | ast.Tuple | ast.Set) -> Value:
    kind = type(node).__name__.lower()
    items: list[Value] = []
    exact = True
    for element in node.elts:
        if isinstance(element, ast.Starred):
            inner = machine.eval(element.value)
            if isinstance(inner, Items):
                items += inner.items
                exact = exact and inner.exact
            else:
                exact = False
        else:
            items.append(machine.eval(element))
    return Items(kind, tuple(items), exact, node)


def _dict(machine: Machine, node: ast.Dict) -> Value:
    entries: list[tuple[str, Value]] = []
    exact = True
    for name, value in zip(node.keys, node.values, strict=True):
        inner = machine.eval(value)
        if name is None:
            spread = merged(Entries(tuple(entries), exact), inner)
            entries, exact = list(spread.items), spread.exact
            continue
        constant = literal(machine.eval(name))
        if isinstance(constant, str):
            entries.append((constant, inner))
        else:
            exact = False
            if contained(inner):
                entries.append((f"<{len(entries)}>", inner))
    return Entries(tuple(entries), exact, node)


def _binary(machine: Machine, node: ast.BinOp) -> Value:
    operands: list[ast.expr] = [node.right]
    left = node.left
    while isinstance(left, ast.BinOp):
        operands.append(left.right)
        left = left.left
    value = machine.eval(left)
    for operand in reversed(operands):
        other = machine.eval(operand)
        value = _combined(value, other, node)
    return value


def _combined(left: Value, right: Value, node: ast.BinOp) -> Value:
    if isinstance(left, Literal) and isinstance(right, Literal) and isinstance(node.op, ast.Add):
        one, two = literal(left), literal(right)
        if isinstance(one, str) and isinstance(two, str):
            return Literal((one + two,), node)
    if isinstance(left, Items) and isinstance(right, Items) and isinstance(node.op, ast.Add):
        exact = left.exact and right.exact
        return Items(left.kind, left.items + right.items, exact, node)
    return derived(type(node.op).__name__, left, right)


def _unary(machine: Machine, node: ast.UnaryOp) -> Value:
    value = machine.eval(node.operand)
    if isinstance(node.op, ast.Not):
        return _negated(machine, value, node)
    number = literal(value)
    if isinstance(node.op, ast.USub) and isinstance(number, (int, float)):
        return Literal((-number,), node)
    return derived(type(node.op).__name__, value)


def _negated(machine: Machine, value: Value, node: ast.expr) -> Value:
    known = conditions.known_truth(machine, value, machine.world)
    if known is not None:
        return Literal((not known,), node)
    if value is NOTHING_KNOWN:
        return NOTHING_KNOWN
    return Unknown(("not", key(value)), depth=1)


def _compare(machine: Machine, node: ast.Compare) -> Value:
    left = machine.eval(node.left)
    rights = [machine.eval(one) for one in node.comparators]
    if len(rights) > 1:
        return derived("chain", left, *rights)
    return _compared(machine, left, node.ops[0], rights[0], node)


def _compared(
    machine: Machine, left: Value, operator: ast.cmpop, right: Value, node: ast.Compare
) -> Value:
    name, positive = _COMPARISONS[type(operator)]
    if isinstance(left, Literal) and isinstance(right, Literal) and left.single and right.single:
        one, two = left.values[0], right.values[0]
        if name == "==":
            return Literal(((one == two) == positive,), node)
        if name == "is" and (one is None or two is None):
            return Literal(((one is two) == positive,), node)
        if name in ("<", ">") and isinstance(one, _NUMBERS) and isinstance(two, _NUMBERS):
            less = one < two if name == "<" else one > two
            return Literal((less == positive,), node)
        if name == "in" and isinstance(one, str) and isinstance(two, str):
            return Literal(((one in two) == positive,), node)
    if name == "in" and isinstance(right, Items) and right.exact:
        held = _held(left, right)
        if held is not None:
            return Literal((held == positive,), node)
    if name == "is" and isinstance(right, Literal) and right.values == (None,):
        # `x is None` and `x` are one question for anything that is never falsy otherwise.
        # An attribute of a library's object may as well be data, and that none.
        is_data = isinstance(left, Bound) and isinstance(left.function, str)
        if not is_data and not isinstance(left, (Unknown, Literal)):
            return Literal((not positive,), node)
        if conditions.known_truth(machine, left, machine.world) is True:
            return Literal((not positive,), node)
    result = derived(name, left, right)
    if positive or result.origin is None:
        return result
    return Unknown(("not", result.origin), depth=result.depth)


def _held(left: Value, right: Items) -> bool | None:
    """Return whether a display holds a constant, None where one of the two is not known."""
    if not isinstance(left, Literal) or not left.single:
        return None
    options = [one.values[0] for one in right.items if isinstance(one, Literal) and one.single]
    if left.values[0] in options:
        return True
    return False if len(options) == len(right.items) else None


def _bool_op(machine: Machine, node: ast.BoolOp) -> Value:
    is_and = isinstance(node.op, ast.And)
    value: Value = NOTHING_KNOWN
    for position, operand in enumerate(node.values):
        value = machine.eval(operand)
        if position == len(node.values) - 1:
            break
        known = conditions.known_truth(machine, value, machine.world)
        if known is None:
            rest = node.values[position + 1 :]
            if not (contained(value) or any(_matters(machine, one) for one in rest)):
                values = (value, *(machine.eval(one) for one in rest))
                return derived(type(node.op).__name__, *values)
            known = machine.decide(value)
        if known is not is_and:
            break
    return value


def _conditional(machine: Machine, node: ast.IfExp) -> Value:
    test = machine.eval(node.test)
    known = conditions.known_truth(machine, test, machine.world)
    if known is None:
        if not (_matters(machine, node.body) or _matters(machine, node.orelse)):
            # Two constants: a small set of literals says more than two worlds would.
            return joined(machine.eval(node.body), machine.eval(node.orelse))
        known = machine.decide(test)
    return machine.eval(node.body if known else node.orelse)


def _matters(machine: Machine, node: ast.expr) -> bool:
    """Return whether evaluating `node` can touch or give a tracked object."""
    for inner in inside(node):
        if isinstance(inner, ast.Call):
            return True
        if isinstance(inner, ast.Name):
            value = machine.world.lookup(machine.frame, inner.id)
            if value is not None and (contained(value) or isinstance(value, Function)):
                return True
    return False


def _walrus(machine: Machine, node: ast.NamedExpr) -> Value:
    value = machine.eval(node.value)
    access.bind(machine, node.target.id, value)
    return value


def _lambda(machine: Machine, node: ast.Lambda) -> Value:
    return calls.function_value(machine, node)


def _subscript(machine: Machine, node: ast.Subscript) -> Value:
    value = machine.eval(node.value)
    index = machine.eval(node.slice)
    return containers.item(machine, value, index)


def _slice(machine: Machine, node: ast.Slice) -> Value:
    nothing = Literal((None,))
    parts = [machine.eval(one) if one else nothing for one in (node.lower, node.upper, node.step)]
    return derived("slice", *parts)


def _comprehension(machine: Machine, node: _Comprehension) -> Value:
    frame, machine.frame = machine.frame, machine.world.push(machine.frame)
    inner = machine.frame
    each = ""
    try:
        first, *others = node.generators
        iterable = machine.eval(first.iter)
        element = containers.element(machine, iterable)
        turns = [] if others else shares.turns(machine, node, element)
        if turns:
            value = _in_turns(machine, node, turns)
        elif rounds := _rounds(machine, node, iterable):
            return _one_by_one(machine, node, rounds)
        else:
            decided, newest = len(machine.world.facts), machine.world.next
            tests = _take(machine, first, element)
            for generator in others:
                _take(machine, generator, containers.element(machine, machine.eval(generator.iter)))
            value = _made(machine, node)
            if drawn_from(iterable) is not None:
                each = _each(machine, tests, value)
            if len(machine.world.facts) > decided:
                # It is not the same for all that it goes through: this is one of them.
                machine.escape(value)
            elif not (others or contained(element)) and max(contained(value), default=0) > newest:
                _make_another(machine, node, element)
    finally:
        machine.frame = frame
        if inner in machine.world.frames:
            machine.world.pop(inner)
    if not contained(value):
        lazy = isinstance(node, ast.GeneratorExp)
        return containers.collection(machine, iterable, node, lazy, each)
    if isinstance(node, ast.DictComp):
        return Entries((("<each>", value),), exact=False, node=node)
    return Items("list", (value,), exact=False, node=node)


def _make_another(machine: Machine, node: _Comprehension, element: Value) -> None:
    """Make what a comprehension makes once more: it may meet what it has made before.

    A generator makes the next one when it is asked, after whatever was done since.
    """
    if not isinstance(node, ast.GeneratorExp):
        _take(machine, node.generators[0], containers.another(element))
        _made(machine, node)


# A comparison with each of this many constants is made one by one.
_MAX_CONSTANTS = 8


def _rounds(machine: Machine, node: _Comprehension, iterable: Value) -> list[Value]:
    """Return what a comprehension goes through one by one, as a loop would.

    These are the constants with each of which it compares, as for `any`, and the items of a
    short display of which it makes something that may be tracked.
    """
    if len(node.generators) != 1:
        return []
    if isinstance(node, (ast.GeneratorExp, ast.ListComp)) and isinstance(node.elt, ast.Compare):
        if (
            isinstance(iterable, Items)
            and iterable.exact
            and len(iterable.items) <= _MAX_CONSTANTS
            and not node.generators[0].ifs
            and all(isinstance(one, Literal) for one in iterable.items)
        ):
            return list(iterable.items)
        return []
    rounds = containers.rounds(machine, iterable)
    element = node.value if isinstance(node, ast.DictComp) else node.elt
    return rounds if rounds and _matters(machine, element) else []


def _one_by_one(machine: Machine, node: _Comprehension, rounds: list[Value]) -> Value:
    """Return what a comprehension makes of the elements of all its rounds."""
    answers: list[Value] = []
    entries: list[tuple[str, Value]] = []
    exact = True
    for one in rounds:
        tests = _take(machine, node.generators[0], one)
        holds = [conditions.known_truth(machine, test, machine.world) for test in tests]
        if False in holds:
            continue
        name = literal(machine.eval(node.key)) if isinstance(node, ast.DictComp) else None
        answers.append(_made(machine, node))
        if isinstance(name, str):
            entries.append((name, answers[-1]))
        exact = exact and None not in holds
    if isinstance(node, ast.DictComp):
        return Entries(tuple(entries), exact and len(entries) == len(answers), node)
    return Items("list", tuple(answers), exact, node)


def _take(machine: Machine, generator: ast.comprehension, element: Value) -> list[Value]:
    """Bind what a comprehension goes through; return the values of its conditions."""
    access.assign(machine, generator.target, element)
    return [machine.eval(condition) for condition in generator.ifs]


def _each(machine: Machine, tests: list[Value], value: Value) -> str:
    """Return whether nothing passes a test, or what is made is always true, or never."""
    if any(conditions.known_truth(machine, test, machine.world) is False for test in tests):
        return "none"
    known = conditions.known_truth(machine, value, machine.world)
    return "" if known is None else str(known).lower()


def _made(machine: Machine, node: _Comprehension) -> Value:
    """Return the element that a comprehension makes of what its names hold."""
    if isinstance(node, ast.DictComp):
        machine.eval(node.key)
        return machine.eval(node.value)
    return machine.eval(node.elt)


def _in_turns(machine: Machine, node: _Comprehension, turns: list[shares.Turn]) -> Value:
    """Make the elements of a comprehension that freezes or unfreezes parameters."""
    value: Value = NOTHING_KNOWN
    for turn in turns:
        tests = _take(machine, node.generators[0], turn.element)
        answers = [conditions.known_truth(machine, test, machine.world) for test in tests]
        if False not in answers:
            before = shares.gradient(machine.world, turn.share)
            value = _made(machine, node)
            shares.close([machine.world], turn.share, before, sure=None not in answers)
    return value


def _joined_string(machine: Machine, node: ast.JoinedStr) -> Value:
    parts = [machine.eval(one) for one in node.values]
    texts = [literal(part) for part in parts]
    if all(isinstance(text, str) for text in texts):
        return Literal(("".join(str(text) for text in texts),), node)
    return derived("text", *parts)


def _formatted(machine: Machine, node: ast.FormattedValue) -> Value:
    value = machine.eval(node.value)
    plain = node.format_spec is None and node.conversion == -1
    constant = literal(value)
    if plain and isinstance(constant, (str, int)):
        return Literal((str(constant),), node)
    return derived("format", value)


def _inner(machine: Machine, node: ast.Await | ast.Starred) -> Value:
    return machine.eval(node.value)


def _yield(machine: Machine, node: ast.Yield | ast.YieldFrom) -> Value:
    if node.value is not None:
        machine.escape(machine.eval(node.value))
    return NOTHING_KNOWN


EVALUATORS: dict[type[ast.expr], Callable[..., Value]] = {
    ast.Attribute: _attribute,
    ast.Call: calls.evaluate_call,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Set: _items,
    ast.Dict: _dict,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _bool_op,
    ast.IfExp: _conditional,
    ast.NamedExpr: _walrus,
    ast.Lambda: _lambda,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.JoinedStr: _joined_string,
    ast.FormattedValue: _formatted,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
}
if hasattr(ast, "TemplateStr"):
    EVALUATORS[ast.TemplateStr] = lambda machine, node: NOTHING_KNOWN
