"""One runner per kind of statement."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from peft_lint.interpreter import access, calls, contexts, matching
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    ClassValue,
    Entries,
    Function,
    Items,
    Literal,
    Symbol,
    Value,
    derived,
    merged,
)
from peft_lint.interpreter.world import World
from peft_lint.library import registry

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine

_ROLES = {
    "builtins.staticmethod": "static",
    "builtins.classmethod": "class",
    "builtins.property": "property",
    "functools.cached_property": "property",
}
_DATACLASSES = frozenset(
    {"dataclasses.dataclass", "pydantic.dataclasses.dataclass", "attrs.define"}
)


# simple statements: one world in, its outcomes out


def _assign(machine: Machine, node: ast.Assign, world: World) -> list[World]:
    return _then(machine, node.value, world, lambda value: _bind_all(machine, node.targets, value))


def _bind_all(machine: Machine, targets: list[ast.expr], value: Value) -> None:
    for target in targets:
        access.assign(machine, target, value)


def _annotated(machine: Machine, node: ast.AnnAssign, world: World) -> list[World]:
    if node.value is None:
        return [world]
    target = node.target
    return _then(machine, node.value, world, lambda value: access.assign(machine, target, value))


def _augmented(machine: Machine, node: ast.AugAssign, world: World) -> list[World]:
    def finish(value: Value) -> None:
        load = _as_load(node.target)
        old = machine.eval(load)
        if isinstance(old, Items) and isinstance(value, Items) and isinstance(node.op, ast.Add):
            exact = old.exact and value.exact
            new: Value = old._replace(items=old.items + value.items, exact=exact)
        elif isinstance(old, Entries):
            new = merged(old, value)
        else:
            new = derived(type(node.op).__name__, old, value)
        access.assign(machine, node.target, new)

    return _then(machine, node.value, world, finish)


def _as_load(target: ast.Name | ast.Attribute | ast.Subscript) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    if isinstance(target, ast.Attribute):
        return ast.copy_location(ast.Attribute(target.value, target.attr, ast.Load()), target)
    return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)


def _expression(machine: Machine, node: ast.Expr, world: World) -> list[World]:
    if isinstance(node.value, ast.Constant):
        return [world]
    worlds = []
    for value, after in machine.evaluate(node.value, world):
        # Not what a call returns: a part's method that is not followed is such a value too.
        if isinstance(value, Bound) and isinstance(node.value, ast.Attribute):
            machine.world = after
            registry.leave_uncalled(machine, value, node.value)
        worlds.append(after)
    return worlds


def _then(
    machine: Machine, node: ast.expr, world: World, finish: Callable[[Value], None]
) -> list[World]:
    worlds = []
    for value, after in machine.evaluate(node, world):
        machine.world = after
        finish(value)
        worlds.append(machine.world)
    return worlds


def _return(machine: Machine, node: ast.Return, world: World) -> list[World]:
    if node.value is None:
        machine.flow.returned.append((Literal((None,)), world))
        return []
    for value, after in machine.evaluate(node.value, world):
        machine.flow.returned.append((value, after))
    return []


def _raise(machine: Machine, node: ast.Raise, world: World) -> list[World]:
    machine.flow.raised.append(world)
    return []


def _break(machine: Machine, node: ast.Break, world: World) -> list[World]:
    machine.flow.broken.append(world)
    return []


def _continue(machine: Machine, node: ast.Continue, world: World) -> list[World]:
    machine.flow.continued.append(world)
    return []


def _delete(machine: Machine, node: ast.Delete, world: World) -> list[World]:
    for target in node.targets:
        if isinstance(target, ast.Name):
            world.unbind(machine.frame, target.id)
        elif isinstance(target, ast.Attribute):
            machine.world = world
            owner = machine.eval(target.value)
            # What the class has under that name shows again: as if it were assigned.
            access.set_attribute(machine, owner, target.attr, NOTHING_KNOWN, target)
            world = machine.world
        elif isinstance(target, ast.Subscript):
            machine.world = world
            owner = machine.eval(target.value)
            if isinstance(owner, (Items, Entries)):
                machine.world.replace_value(owner, owner.overwritten())
            world = machine.world
    return [world]


def _assert(machine: Machine, node: ast.Assert, world: World) -> list[World]:
    holds, _ = machine.split(node.test, world)
    return holds


def _import(machine: Machine, node: ast.Import, world: World) -> list[World]:
    machine.world = world
    for alias in node.names:
        if alias.asname:
            access.bind(machine, alias.asname, Symbol(alias.name))
        else:
            top = alias.name.partition(".")[0]
            access.bind(machine, top, Symbol(top))
    return [machine.world]


def _import_from(machine: Machine, node: ast.ImportFrom, world: World) -> list[World]:
    machine.world = world
    # A relative import is project code, whatever its name.
    module = "." * node.level + (node.module or "")
    for alias in node.names:
        if alias.name != "*":
            access.bind(machine, alias.asname or alias.name, Symbol(f"{module}.{alias.name}"))
    return [machine.world]


def _function(
    machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef, world: World
) -> list[World]:
    machine.world = world
    function = calls.function_value(machine, node)
    for decorator in node.decorator_list:
        value = machine.eval(decorator)
        context = contexts.of_decorator(value)
        if context:
            function = function._replace(contexts=(*function.contexts, context))
        elif isinstance(value, Symbol) and value.name in _ROLES:
            function = function._replace(role=_ROLES[value.name])
    machine.code.defined.add(node.name)
    if node not in machine.reached:
        machine.pending[node] = function
    access.bind(machine, node.name, function)
    return [machine.world]


def _class(machine: Machine, node: ast.ClassDef, world: World) -> list[World]:
    machine.world = world
    bases = tuple(machine.eval(base) for base in node.bases)
    is_dataclass = any(_names_dataclass(machine, one) for one in node.decorator_list)
    outer = machine.frame
    machine.frame = machine.world.push(outer)
    inner = machine.frame
    outer_pending, machine.pending = machine.pending, {}
    ends = machine.run_block(node.body, [machine.world])
    methods, machine.pending = machine.pending, outer_pending
    machine.frame = outer
    machine.code.defined.add(node.name)
    annotated = tuple(
        statement.target.id
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    )
    for end in ends:
        attributes = dict(end.frames[inner].variables)
        # Methods look names up around the class, never in its body.
        for name, value in attributes.items():
            if isinstance(value, Function) and value.frame == inner:
                attributes[name] = value._replace(frame=outer)
        end.pop(inner)
        cls = ClassValue(node, outer, bases, attributes, annotated, is_dataclass)
        for method in methods:
            machine.code.owners[method] = cls
        machine.classes[node] = cls
        machine.world = end
        access.bind(machine, node.name, cls)
    return ends


def _names_dataclass(machine: Machine, decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    value = machine.eval(function)
    return isinstance(value, Symbol) and value.name in _DATACLASSES


def _nothing(machine: Machine, node: ast.stmt, world: World) -> list[World]:
    return [world]


# compound statements: all worlds in, the worlds that go on out


def _if(machine: Machine, node: ast.If, worlds: list[World]) -> list[World]:
    then, other = [], []
    for world in worlds:
        holds, fails = machine.split(node.test, world)
        then += holds
        other += fails
    then = machine.run_block(node.body, machine.settle(then))
    other = machine.run_block(node.orelse, machine.settle(other))
    return then + other


def _while(machine: Machine, node: ast.While, worlds: list[World]) -> list[World]:
    asks = any(
        isinstance(inner, ast.Call)
        and isinstance(inner.func, ast.Name)
        and inner.func.id == "input"
        for inner in ast.walk(node)
    )
    context = machine.context._replace(
        loops=(*machine.context.loops, node),
        interactive=machine.context.interactive + asks,
    )

    def enter(world: World, again: bool) -> tuple[list[World], list[World]]:
        facts = world.facts
        if again:
            # Loops end: what the test was in the round before says nothing of this one.
            world = world.with_parts(world.frames, {}, world.attributes)
        holds, fails = machine.split(node.test, world)
        for one in (*holds, *fails) if again else ():
            one.with_parts(one.frames, facts | one.facts, one.attributes)
        return holds, fails

    with machine.surrounded(context):
        return _loop(machine, node, worlds, enter)


def _for(machine: Machine, node: ast.For | ast.AsyncFor, worlds: list[World]) -> list[World]:
    context = machine.context._replace(loops=(*machine.context.loops, node))
    results: list[World] = []
    for world in worlds:
        for iterable, after in machine.evaluate(node.iter, world):
            rounds = _rounds(iterable)
            machine.world = after
            for model in registry.LOOPS:
                model(machine, iterable, machine.code.facts(node).words)

            def enter(
                at: World, _: bool, iterable: Value = iterable
            ) -> tuple[list[World], list[World]]:
                left = at.fork()
                machine.world = at
                access.assign(machine, node.target, access.element(machine, iterable))
                return [machine.world], [left]

            with machine.surrounded(context):
                if rounds is None:
                    results += _loop(machine, node, [after], enter)
                else:
                    results += _unrolled(machine, node, after, rounds)
    return results


# A display of this many items is walked item by item.
_MAX_UNROLLED = 3


def _rounds(iterable: Value) -> list[Value] | None:
    """Return the items of a short display, None for anything else."""
    if isinstance(iterable, Items) and iterable.exact and len(iterable.items) <= _MAX_UNROLLED:
        return list(iterable.items)
    if isinstance(iterable, Entries) and iterable.exact and len(iterable.items) <= _MAX_UNROLLED:
        return [Literal((name,)) for name, _ in iterable.items]
    return None


def _unrolled(
    machine: Machine, node: ast.For | ast.AsyncFor, world: World, rounds: list[Value]
) -> list[World]:
    outer = machine.flow
    machine.flow = flow = outer._replace(broken=[], continued=[])
    going = [world]
    for value in rounds:
        for one in going:
            machine.world = one
            access.assign(machine, node.target, value)
        going = machine.settle(machine.run_block(node.body, going) + flow.continued)
        flow.continued.clear()
    going = machine.run_block(node.orelse, going)
    machine.flow = outer
    return machine.settle(going + flow.broken)


def _loop(
    machine: Machine,
    node: ast.For | ast.AsyncFor | ast.While,
    worlds: list[World],
    enter: Callable[[World, bool], tuple[list[World], list[World]]],
) -> list[World]:
    """Run a loop once and twice, a `while` also not at all; what follows holds for any."""
    outer = machine.flow
    machine.flow = flow = outer._replace(broken=[], continued=[])
    out: list[World] = []
    going = worlds
    for turn in range(3):
        inside: list[World] = []
        for world in going:
            enters, leaves = enter(world, turn > 0)
            inside += enters
            if turn or isinstance(node, ast.While):
                # What is looped over is not empty: programs are written for some data.
                out += leaves
        if turn == 2:
            break
        after = machine.run_block(node.body, machine.settle(inside))
        going = machine.settle(after + flow.continued)
        flow.continued.clear()
    out = machine.run_block(node.orelse, machine.settle(out))
    machine.flow = outer
    return machine.settle(out + flow.broken)


def _try(machine: Machine, node: ast.Try, worlds: list[World]) -> list[World]:
    outer = machine.flow
    machine.flow = flow = outer._replace(raised=[])
    seen: list[World] = [world.fork() for world in worlds]
    for statement in node.body:
        worlds = machine.run_block([statement], worlds)
        # What the last assignment did, it did without an exception.
        if statement is not node.body[-1] or not isinstance(statement, ast.Assign):
            seen = machine.settle(seen + [world.fork() for world in worlds])
    imports = all(isinstance(one, (ast.Import, ast.ImportFrom)) for one in node.body)
    caught = machine.settle(seen + flow.raised)
    raised = list(flow.raised)
    flow.raised.clear()
    machine.flow = outer
    results = machine.run_block(node.orelse, worlds)
    if not imports:
        # A module that imports is there: the other side is for machines without it.
        for handler in node.handlers:
            start = [world.fork() for world in caught]
            for world in start:
                if handler.name:
                    world.bind(machine.frame, handler.name, NOTHING_KNOWN)
            results += machine.run_block(handler.body, start)
    if not node.handlers:
        outer.raised.extend(raised)
    return machine.run_block(node.finalbody, machine.settle(results))


def _with(machine: Machine, node: ast.With | ast.AsyncWith, worlds: list[World]) -> list[World]:
    entered: list[World] = []
    context = machine.context
    leave: dict[Value, contexts.Leave] = {}
    for item in node.items:
        entered = []
        for world in worlds:
            for value, after in machine.evaluate(item.context_expr, world):
                machine.world = after
                context, undo, bound = contexts.enter(machine, context, value)
                if undo is not None:
                    leave[value] = undo
                if item.optional_vars is not None:
                    access.assign(machine, item.optional_vars, bound)
                entered.append(machine.world)
        worlds = entered
    with machine.surrounded(context):
        ends = machine.run_block(node.body, worlds)
    left: list[World] = []
    for end in ends:
        machine.world = end
        for undo in leave.values():
            undo(machine)
        left.append(machine.world)
    return left


SIMPLE: dict[type[ast.stmt], Callable[..., list[World]]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Delete: _delete,
    ast.Assert: _assert,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Global: _nothing,
    ast.Nonlocal: _nothing,
    ast.Pass: _nothing,
}
COMPOUND: dict[type[ast.stmt], Callable[..., list[World]]] = {
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Match: matching.run,
}
# Kinds of statement that only some Python versions have.
if hasattr(ast, "TryStar"):
    COMPOUND[ast.TryStar] = _try
if hasattr(ast, "TypeAlias"):
    SIMPLE[ast.TypeAlias] = _nothing
