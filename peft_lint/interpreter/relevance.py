"""What can be left out: code that cannot touch a tracked object, make one, or seed."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence, Set

from peft_lint.interpreter import access
from peft_lint.interpreter.objects import Instance, State
from peft_lint.interpreter.values import (
    INERT,
    Bound,
    ClassValue,
    Entries,
    Function,
    Items,
    Literal,
    Partial,
    Ref,
    Symbol,
    Unknown,
    Value,
    contained,
    drawn_from,
    literal,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import registry

if TYPE_CHECKING:
    from peft_lint.interpreter.code import Facts, Reach
    from peft_lint.interpreter.machine import Machine
    from peft_lint.interpreter.world import Frame, World

_SKIPPABLE = frozenset(
    {ast.Expr, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try}
)

# What sets attributes whose names the text need not have.
_SETTING = frozenset({"setattr", "delattr", "vars", "__dict__", "globals"})
# What may bind any name of the module, or lead to what any name holds.
_BINDING = frozenset({"exec", "globals", "locals", "vars"})
# Of a module: `setattr(sys.modules[__name__], name, value)`.
_SETS_GLOBALS = frozenset({"setattr", "modules"})
# What an attribute by which a function is called may hold.
_HOLDERS = frozenset((Function, Items, Entries))
# Methods that run though nobody names them: where an object is called, entered or looped over.
_SPECIAL = ("__call__", "forward", "__enter__", "__iter__", "__getitem__")


def has_effect(machine: Machine, function: Function, given: Sequence[Value]) -> bool:
    """Return whether who calls a function has to follow it."""
    settles = any(reach.settles for reach in _reaches(machine, function.node, function.node))
    return settles or is_relevant(machine, function, given)


def is_relevant(machine: Machine, function: Function, given: Sequence[Value]) -> bool:
    """Return whether running a function can touch a tracked object or make one."""
    objects: list[int] = []
    for value in given:
        if isinstance(value, (Function, ClassValue, Partial)):
            return True
        objects += contained(value)
    world = machine.world
    if not all(isinstance(world.heap.get(number), Instance) for number in objects):
        return True
    called = machine.context.entry is not function.node
    return any(
        _acts(machine, world, reach)
        or (reach.answers and called)
        or _touches(world, function.frame, objects, reach)
        for reach in _reaches(machine, function.node, function.node)
    )


def is_class_relevant(machine: Machine, cls: ClassValue, world: World) -> bool:
    """Return whether running the methods of a class can touch a tracked object or make one."""
    objects = [
        number
        for number, state in world.heap.items()
        if isinstance(state, Instance) and state.cls.node is cls.node
    ]
    waiting = [cls]
    while waiting:
        one = waiting.pop()
        reach = machine.code.reach(one.node)
        if _works(world, reach) or _touches(world, one.frame, objects, reach):
            return True
        waiting += [base for base in one.bases if isinstance(base, ClassValue)]
    return False


def prepares(machine: Machine, decorator: Function) -> bool:
    """Return whether a decorator of the document may change models around a call."""
    parts = machine.code.reach(decorator.node).parts
    changes = any(not one.words.isdisjoint(registry.method_names()) for one in parts)
    return changes or is_relevant(machine, decorator, ())


def matters(machine: Machine, statement: ast.stmt, worlds: Sequence[World]) -> bool:
    """Return whether a statement has to be run; one that has not only binds unknown names."""
    if statement.__class__ not in _SKIPPABLE:
        return True
    reach = machine.code.reach(statement)
    own = reach.parts[0]
    if not own.plain or reach.settles or reach.answers or not _BINDING.isdisjoint(own.words):
        return True
    running = machine.context.functions
    if "super" in own.words and running and any(_above(machine, running[-1], statement)):
        return True
    for world in worlds:
        if _acts(machine, world, reach) or _touches(world, machine.frame, (), reach):
            return True
    return _leads_on(statement, own.words, worlds[0], machine.frame)


def _leads_on(statement: ast.stmt, words: Set[str], world: World, frame: int) -> bool:
    """Return whether a name holds what has to be run, though no word of the text leads to it."""
    variables, heap = world.frames[frame].variables, world.heap
    raises = _raises(statement)
    for name in variables.keys() & words:
        value = variables[name]
        if _runs(name, value) or (raises and _is_zero(value)):
            return True
        if isinstance(value, Unknown):
            if heap and drawn_from(value) is not None:
                return True
        elif isinstance(value, Symbol) and "setattr" in words:
            # Of a module, this one included: what the text says of it holds no longer.
            return True
    return isinstance(statement, ast.Expr) and _hands_over(statement.value, variables)


def _hands_over(call: ast.expr, variables: Mapping[str, Value]) -> bool:
    """Return whether a call gets an object, and may fill it in."""
    return isinstance(call, ast.Call) and any(
        isinstance(arg, ast.Name) and isinstance(variables.get(arg.id), Ref) for arg in call.args
    )


def _runs(name: str, value: Value) -> bool:
    """Return whether a call of what a name holds runs what no word of the text leads to.

    That is a library model, a bound method, a lambda, or a function under another name.
    """
    kind = value.__class__
    if kind is Unknown:
        origin = value.origin  # type: ignore[union-attr]
        # One of the functions that a container holds.
        return origin.__class__ is tuple and origin[0] == "item" and origin[-1] == "any"
    if isinstance(value, Symbol):
        return registry.find(value.name) is not None
    if isinstance(value, Function):
        return isinstance(value.node, ast.Lambda) or value.node.name != name
    if isinstance(value, Items):
        return any(_runs("", item) for item in value.items)
    if isinstance(value, Entries):
        return any(item.__class__ in _HOLDERS and _runs("", item) for _, item in value.items)
    return kind is Bound or kind is Partial


def _raises(statement: ast.stmt) -> bool:
    """Return whether a statement is `if …: raise …`."""
    return statement.__class__ is ast.If and isinstance(statement.body[-1], ast.Raise)


def _is_zero(value: Value) -> bool:
    """Return whether a value is a number of what there is none of, which `if` may ask about."""
    if value.__class__ is not Literal:
        return False
    number = literal(value)
    return number == 0 and number.__class__ is int


def _reaches(machine: Machine, method: ast.AST, node: ast.AST) -> Iterator[Reach]:
    """Yield what a function leads to, and where it names `super`, the classes above it."""
    yield machine.code.reach(node)
    for base in _above(machine, method, node):
        yield machine.code.reach(base.node)


def _above(machine: Machine, method: ast.AST, node: ast.AST) -> Iterator[ClassValue]:
    """Yield the classes in view that code of a method leads to where it names `super`."""
    owner = machine.code.owners.get(method)
    if owner is None or "super" not in machine.code.facts(node).words:
        return
    waiting = [owner]
    while waiting:
        bases = [one for one in waiting.pop().bases if isinstance(one, ClassValue)]
        yield from bases
        waiting += bases


def _frames(world: World, frame: int) -> list[Frame]:
    """Return a frame with all frames that it closes over, and the module's."""
    found: list[Frame] = []
    at: int | None = frame
    while at is not None and at in world.frames:
        found.append(world.frames[at])
        at = found[-1].parent
    if world.frames[0] not in found:
        found.append(world.frames[0])
    return found


def _seeding_counts(machine: Machine, world: World) -> bool:
    """Return whether anybody asks if the generator is seeded: not in functions nobody calls."""
    return machine.context.entry is None and world.seeded is not True


def _acts(machine: Machine, world: World, reach: Reach) -> bool:
    """Return whether code does something on a world by itself, whatever it names."""
    return _works(world, reach) or (reach.seeds and _seeding_counts(machine, world))


def _works(world: World, reach: Reach) -> bool:
    """Return whether code makes tracked objects, or changes what is there."""
    return reach.makes or (reach.touches and any(map(_is_tracked, world.heap.values())))


def _is_tracked(state: State) -> bool:
    """Return whether a state is more than that of an object which the document defines."""
    return not isinstance(state, Instance) or state.native is not None


def _touches(world: World, frame: int, objects: Sequence[int], reach: Reach) -> bool:
    """Return whether code names something that gives access to a tracked object."""
    heap = world.heap
    if not heap:
        return False
    words, led = reach.parts[0].words, reach.parts[-1].words
    waiting, named = list(objects), set(objects)
    for around in _frames(world, frame):
        for name, ids in around.tracked.items():
            waiting += ids
            if name in words or name in led:
                named.update(ids)
                for number in ids:
                    if not isinstance(heap.get(number), Instance):
                        return True
    for number in waiting:
        state = heap.get(number)
        if isinstance(state, Instance) and (
            state.native is not None
            or not words.isdisjoint(state.tracked)
            or not led.isdisjoint(state.tracked)
            or (state.tracked and number in named and _may_change(state, reach))
            or _keeps_function(state, reach)
        ):
            return True
    for (_, name), value in world.attributes.items():
        # An item of something unknown is one that any name may lead to.
        if (reach.says(name) or name.startswith("[")) and (contained(value) or _is_zero(value)):
            return True
    return False


def _keeps_function(state: Instance, reach: Reach) -> bool:
    """Return whether an attribute that code names holds a function under another name."""
    for name, value in state.attributes.items():
        if value.__class__ in _HOLDERS and reach.says(name) and _runs(name, value):
            return True
    return False


def _may_change(state: Instance, reach: Reach) -> bool:
    """Return whether code may call what it does not name: an inherited or a special method."""
    if any(isinstance(state.cls.find(name), Function) for name in _SPECIAL):
        return True
    bases = state.cls.library_bases()
    return registry.is_out_of_view(bases) or any(
        reach.says(name) and registry.module_method(bases, name) for name in registry.MODULE_CHANGES
    )


def leave_out(machine: Machine, statement: ast.stmt, worlds: Sequence[World]) -> None:
    """Do what a statement that cannot matter still does: bind and assign, to unknown values."""
    bound = sorted(machine.code.bound(statement))
    for world in worlds:
        forget(machine, world, machine.frame, statement)
        for name in bound:
            world.bind(machine.frame, name, machine.fresh(statement, name))


def pass_over(machine: Machine, function: Function, given: Sequence[Value]) -> None:
    """Do what calling a function that cannot matter still does."""
    for value in given:
        _forget_content(machine.world, value)
    objects = {number for value in given for number in contained(value)}
    forget(machine, machine.world, function.frame, function.node, objects)


def cut_off(machine: Machine, function: Function, given: Sequence[Value]) -> None:
    """Call a function that matters, and lies too deep to be followed, as if out of view."""
    pass_over(machine, function, given)
    world = machine.world
    for value in given:
        machine.escape(value)
    reach = machine.code.reach(function.node)
    for frame in _frames(world, function.frame):
        for name in frame.tracked:
            if reach.says(name):
                machine.escape(frame.variables[name])
    if world.seeded is False:
        world.seeded = None


def forget(
    machine: Machine, world: World, frame: int, node: ast.AST, objects: Collection[int] = ()
) -> None:
    """Make unknown what code that is not run may assign outside its own scope.

    `objects` are those that it was given: they may get attributes that they had not.
    """
    frames = _frames(world, frame)
    for facts in machine.code.reach(node).parts:
        words, assigned = facts.words, facts.assigned
        for around in frames:
            variables = around.variables
            for name in variables.keys() & words:
                _forget_content(world, variables[name])
        if assigned:
            for place in list(world.attributes):
                if place[1] in assigned:
                    world.set_attribute(*place, machine.fresh(node, place[1]))
        if not _SETTING.isdisjoint(words):
            _open(world, frames, facts, objects)
            if "globals" in words or words >= _SETS_GLOBALS:
                access.forget_constants(machine, world)
        for number, state in list(world.heap.items()):
            if isinstance(state, Instance) and (
                number in objects or not words.isdisjoint(state.attributes)
            ):
                changed = dict(_forgotten(machine, state, node, facts, number in objects))
                if changed:
                    world.put(number, state.with_attributes({**state.attributes, **changed}))


def _open(world: World, frames: list[Frame], facts: Facts, objects: Collection[int]) -> None:
    """Know no plain attribute any more of the objects that code was given, or names."""
    named = {
        i for one in frames for name, ids in one.tracked.items() if name in facts.words for i in ids
    }
    for number in named.union(objects):
        state = world.heap.get(number)
        if isinstance(state, Instance):
            world.put(number, state.opened())


def _forgotten(
    machine: Machine, state: Instance, node: ast.AST, facts: Facts, given: bool
) -> Iterator[tuple[str, Value]]:
    """Yield the attributes of an object that code may assign or change, as unknown."""
    for name in sorted(facts.assigned if given else state.attributes.keys() & facts.assigned):
        if not isinstance(state.cls.find(name), Function):
            yield name, machine.fresh(node, name)
    for name in sorted(state.attributes.keys() & facts.words - facts.assigned):
        value = state.attributes[name]
        if isinstance(value, (Items, Entries)):
            yield name, value.overwritten()


def _forget_content(world: World, value: Value) -> None:
    """Note that a container may hold other things by now."""
    if value.__class__ in INERT:
        return
    if isinstance(value, (Items, Entries)):
        changed = value.overwritten()
        if changed != value:
            world.replace_value(value, changed)
