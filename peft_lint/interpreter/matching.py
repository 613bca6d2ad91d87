"""`match` statements: cases are tried in order, and what was learned of the subject is kept."""

from __future__ import annotations

import ast

from peft_lint.interpreter import access, builtin, conditions
from peft_lint.interpreter.values import NOTHING_KNOWN, Literal, Value, derived, literal
from peft_lint.interpreter.world import World
from peft_lint.lean import TYPE_CHECKING
from peft_lint.outline import own_nodes

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine


def run(machine: Machine, node: ast.Match, worlds: list[World]) -> list[World]:
    """Run the case that fits on each world; the worlds on which none fits go on as they are."""
    left = [outcome for world in worlds for outcome in machine.evaluate(node.subject, world)]
    results: list[World] = []
    for case in node.cases:
        entered: list[World] = []
        following: list[tuple[Value, World]] = []
        for subject, world in left:
            fits, fails = _fit(machine, case.pattern, subject, world)
            for one in fits:
                holds, refused = (
                    conditions.split(machine, case.guard, one) if case.guard else ([one], [])
                )
                entered += holds
                fails += refused
            following += [(subject, one) for one in fails]
        results += machine.run_block(case.body, machine.settle(entered))
        left = following
    return results + [world for _, world in left]


def _fit(
    machine: Machine, pattern: ast.pattern, subject: Value, world: World
) -> tuple[list[World], list[World]]:
    """Return the worlds on which `pattern` fits, its names bound, and those on which not."""
    machine.world = world
    if isinstance(pattern, ast.MatchAs):
        fits, fails = [world], list[World]()
        if pattern.pattern is not None:
            fits, fails = _fit(machine, pattern.pattern, subject, world)
        for one in fits:
            machine.world = one
            if pattern.name is not None:
                access.bind(machine, pattern.name, subject)
        return fits, fails
    if isinstance(pattern, ast.MatchOr):
        fits, fails = [], [world]
        for alternative in pattern.patterns:
            tried, fails = fails, []
            for one in tried:
                more, less = _fit(machine, alternative, subject, one)
                fits += more
                fails += less
        return fits, fails
    if isinstance(pattern, ast.MatchSingleton):
        return _decide(machine, "is", subject, Literal((pattern.value,)), world)
    if isinstance(pattern, ast.MatchValue):
        return _decide(machine, "==", subject, machine.eval(pattern.value), world)
    if isinstance(pattern, ast.MatchClass) and not (pattern.patterns or pattern.kwd_patterns):
        handle = world.handle(subject)
        kind = machine.eval(pattern.cls)
        known = None if handle is None else builtin.is_instance(machine, handle, kind)
        if known is not None:
            return ([world], []) if known else ([], [world])
    other = world.fork()
    for inner in (pattern, *own_nodes(pattern)):
        name = getattr(inner, "name", None) or getattr(inner, "rest", None)
        if isinstance(name, str):
            access.bind(machine, name, NOTHING_KNOWN)
    return [world], [other]


def _decide(
    machine: Machine, comparison: str, subject: Value, value: Value, world: World
) -> tuple[list[World], list[World]]:
    """Split a world by whether the subject is a value, as the same comparison elsewhere does."""
    condition: Value = derived(comparison, subject, value)
    if isinstance(subject, Literal) and isinstance(value, Literal):
        one, two = subject.values, value.values
        if subject.single and value.single:
            condition = Literal((one[0] is two[0] if comparison == "is" else one == two,))
    known = conditions.known_truth(machine, condition, world)
    if known is None and literal(value, ...) is None:
        # A model is not None, nor is anything else that is true.
        known = False if conditions.known_truth(machine, subject, world) else None
    if known is not None:
        return ([world], []) if known else ([], [world])
    other = world.fork()
    conditions.learn(condition, True, world)
    conditions.learn(condition, False, other)
    return [world], [other]
