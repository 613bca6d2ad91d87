"""One runner per kind of simple statement and definition: one world in, its outcomes out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

from peft_lint.interpreter import access, calls, conditions, contexts, relevance
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
    functions_in,
    merged,
)
from peft_lint.interpreter.world import World
from peft_lint.lean import TYPE_CHECKING
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


def _assign(machine: Machine, node: ast.Assign, world: World) -> list[World]:
    return _then(machine, node.value, world, lambda value: _bind_all(machine, node.targets, value))


def _bind_all(machine: Machine, targets: Sequence[ast.expr], value: Value) -> None:
    if value is NOTHING_KNOWN:
        # It has a name from here on, by which code may ask about it again.
        value = machine.fresh(targets[0])
    for target in targets:
        access.assign(machine, target, value)


def _annotated(machine: Machine, node: ast.AnnAssign, world: World) -> list[World]:
    if node.value is None:
        return [world]
    targets = [node.target]
    return _then(machine, node.value, world, lambda value: _bind_all(machine, targets, value))


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
    holds, _ = conditions.split(machine, node.test, world)
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
        elif machine.world.seeded is False and not registry.is_familiar(module.partition(".")[0]):
            # Any name from here on may be one of it, and may seed.
            machine.world.seeded = None
    return [machine.world]


def _function(
    machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef, world: World
) -> list[World]:
    machine.world = world
    function, name = calls.function_value(machine, node), node.name
    for decorator in node.decorator_list:
        value = machine.eval(decorator)
        if isinstance(value, Bound) and isinstance(value.receiver, Function):
            # `@rank.setter`: the property stays what the name reads.
            name = f"{name}.{value.function}"
        context = contexts.of_decorator(value)
        if context:
            function = function._replace(contexts=(*function.contexts, context))
        elif isinstance(value, Symbol) and value.name in _ROLES:
            function = function._replace(role=_ROLES[value.name])
        elif isinstance(value, Function) and relevance.prepares(machine, value):
            # Whatever state the decorator calls it in: nothing is claimed of its body.
            function = function._replace(contexts=(*function.contexts, "opaque"))
            machine.reached.add(node)
        else:
            for part in functions_in(value):
                # What it keeps of the functions that it decorates is not followed.
                relevance.forget(machine, machine.world, machine.frame, part)
    machine.code.defined.add(node.name)
    if node not in machine.reached:
        machine.pending[node] = function
    access.bind(machine, name, function)
    return [machine.world]


def _class(machine: Machine, node: ast.ClassDef, world: World) -> list[World]:
    machine.world = world
    bases = tuple(machine.eval(base) for base in node.bases)
    decorators = [
        machine.eval(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list
    ]
    is_dataclass = any(isinstance(one, Symbol) and one.name in _DATACLASSES for one in decorators)
    makers = [machine.eval(word.value) for word in node.keywords if word.arg == "metaclass"]
    remade = not all(map(_leaves_attributes, (*decorators, *makers)))
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
        hooked = remade or _is_hooked(bases, attributes)
        cls = ClassValue(node, outer, bases, attributes, annotated, is_dataclass, hooked)
        for method in methods:
            machine.code.owners[method] = cls
        machine.classes[node] = cls
        machine.world = end
        access.bind(machine, node.name, cls)
    return ends


# Methods by which a class decides what an attribute of its objects is.
_HOOKS = frozenset({"__getattribute__", "__setattr__"})


def _is_hooked(bases: Iterable[Value], attributes: Iterable[str]) -> bool:
    """Return whether what is read of a class, or an object of it, may differ from what was set."""
    return not _HOOKS.isdisjoint(attributes) or any(
        isinstance(base, ClassValue) and (base.hooked or base.find("__init_subclass__"))
        for base in bases
    )


def _leaves_attributes(value: Value) -> bool:
    """Return whether a metaclass or a decorator is of a library that does not change attributes."""
    return isinstance(value, Symbol) and registry.is_familiar(value.name.partition(".")[0])


def _nothing(machine: Machine, node: ast.stmt, world: World) -> list[World]:
    return [world]


RUNNERS: dict[type[ast.stmt], Callable[..., list[World]]] = {
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
# A kind of statement that only some Python versions have.
if hasattr(ast, "TypeAlias"):
    RUNNERS[ast.TypeAlias] = _nothing
