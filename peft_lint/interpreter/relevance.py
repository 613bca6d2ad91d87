"""What can be left out: code that cannot touch a tracked object, make one, or seed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from peft_lint.interpreter.objects import Instance
from peft_lint.interpreter.values import (
    Bound,
    ClassValue,
    Entries,
    Function,
    Items,
    Symbol,
    Value,
    contained,
    drawn_from,
)
from peft_lint.library import registry

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine
    from peft_lint.interpreter.world import World

_SKIPPABLE = (
    *(ast.Expr, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try),
)


def is_relevant(machine: Machine, function: Function, given: Sequence[Value]) -> bool:
    """Return whether running a function can touch a tracked object or make one."""
    objects: list[int] = []
    for value in given:
        if isinstance(value, (Function, ClassValue)):
            return True
        objects += contained(value)
    heap = machine.world.heap
    if not all(isinstance(heap.get(number), Instance) for number in objects):
        return True
    if _goes_up(machine, function.node, function.node):
        return True
    around = _around(machine.world, function.frame)
    return _leads(machine, machine.world, around, objects, function.node)


def matters(machine: Machine, statement: ast.stmt, worlds: Sequence[World]) -> bool:
    """Return whether a statement has to be run; one that has not only binds unknown names."""
    if not isinstance(statement, _SKIPPABLE) or not machine.code.facts(statement).plain:
        return True
    running = machine.context.functions
    if running and _goes_up(machine, running[-1], statement):
        return True
    around = _around(worlds[0], machine.frame)
    if any(_leads(machine, world, around, [], statement) for world in worlds):
        return True
    variables = worlds[0].frames[machine.frame].variables
    words = machine.code.facts(statement).words
    named = [variables[name] for name in words if name in variables]
    return any(drawn_from(value) is not None or _is_modelled(value) for value in named)


def _is_modelled(value: Value) -> bool:
    """Return whether calling a value, or an item of it, runs a library model or the document."""
    if isinstance(value, Items):
        return any(_is_modelled(item) for item in value.items)
    if isinstance(value, Symbol):
        return registry.find(value.name) is not None
    return isinstance(value, Bound)


def _goes_up(machine: Machine, method: ast.AST, node: ast.AST) -> bool:
    """Return whether code of a method names `super`, which is another class in view."""
    owner = machine.code.owners.get(method)
    if owner is None or "super" not in machine.code.facts(node).words:
        return False
    return any(isinstance(base, ClassValue) for base in owner.bases)


def _around(world: World, frame: int) -> set[int]:
    """Return a frame with all frames that it closes over, and the module's."""
    around = {0}
    at: int | None = frame
    while at is not None and at in world.frames:
        around.add(at)
        at = world.frames[at].parent
    return around


def _leads(
    machine: Machine, world: World, frames: Iterable[int], objects: list[int], node: ast.AST
) -> bool:
    """Return whether the words of `node` lead to a tracked object, or to making one."""
    names: set[str] = set()
    for number in frames:
        frame = world.frames.get(number)
        for name, ids in frame.tracked.items() if frame else ():
            objects += ids
            if not all(isinstance(world.heap.get(one), Instance) for one in ids):
                names.add(name)
    for number in objects:
        state = world.heap.get(number)
        if isinstance(state, Instance):
            if state.native is not None:
                return True
            names.update(state.tracked)
    for (_, name), value in world.attributes.items():
        if contained(value):
            if name.startswith("["):
                # An item of something unknown, which any name may lead to.
                return True
            names.add(name)
    may_seed = machine.context.entry is None and world.seeded is False
    leading = machine.code.leads_to(frozenset(names), may_seed)
    return not leading.isdisjoint(machine.code.facts(node).words)


def leave_out(machine: Machine, statement: ast.stmt, worlds: Sequence[World]) -> None:
    """Do what a statement that cannot matter still does: bind names, change containers."""
    facts = machine.code.facts(statement)
    for world in worlds:
        for frame in {0, machine.frame}:
            variables = world.frames[frame].variables
            for value in [variables[name] for name in facts.words if name in variables]:
                if isinstance(value, (Items, Entries)) and value.exact:
                    world.replace_value(value, value._replace(exact=False))
        for name in sorted(facts.bound):
            world.bind(machine.frame, name, machine.fresh(statement, name))
