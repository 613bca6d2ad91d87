"""Calls: arguments are bound, functions in view are followed, libraries are modelled."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from peft_lint.interpreter import access, builtin, classes, containers, relevance
from peft_lint.interpreter.call import Call, result_of
from peft_lint.interpreter.code import FunctionNode
from peft_lint.interpreter.joining import settle
from peft_lint.interpreter.objects import Instance
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    ClassValue,
    Entries,
    Function,
    Items,
    Literal,
    Partial,
    Ref,
    Super,
    Symbol,
    Unknown,
    Value,
    contained,
    derived,
    drawn_from,
    joined,
)
from peft_lint.interpreter.world import World
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import registry

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine

MAX_CALL_DEPTH = 4
# From a function that nothing calls, where the state is vague anyway.
MAX_ENTRY_DEPTH = 2
MAX_OUTCOMES = 8
# Methods of paths, texts and dicts that code asks again and takes for the same.
_SAME_EACH_TIME = frozenset(
    "exists is_dir is_file startswith endswith lower upper strip get".split()
)


def evaluate_call(machine: Machine, node: ast.Call) -> Value:
    """Evaluate a call expression."""
    # Method chains iterate: `a.b().c()` a thousand times over costs no stack.
    chain = [node]
    while isinstance(function := chain[-1].func, ast.Attribute) and isinstance(
        function.value, ast.Call
    ):
        chain.append(function.value)
    last = chain.pop()
    value = _call(machine, last, machine.eval(last.func))
    for link in reversed(chain):
        assert isinstance(link.func, ast.Attribute)
        value = _call(machine, link, access.attribute(machine, value, link.func.attr))
    return value


def _call(machine: Machine, node: ast.Call, function: Value) -> Value:
    args: list[Value] = []
    complete = True
    for arg in node.args:
        value = machine.eval(arg)
        if isinstance(arg, ast.Starred):
            if isinstance(value, Items) and value.exact:
                args += value.items
            else:
                complete = False
                machine.escape(value)
        elif complete:
            args.append(value)
        else:
            # What stands behind `*args` of unknown length has no known position.
            machine.escape(value)
    keywords: list[tuple[str, Value]] = []
    for keyword in node.keywords:
        value = machine.eval(keyword.value)
        if keyword.arg is not None:
            keywords.append((keyword.arg, value))
        elif isinstance(value, Entries):
            keywords += dict(value.items).items()
            complete = complete and value.exact
        else:
            complete = False
    receiver = function.receiver if isinstance(function, Bound) else None
    call = Call(machine, node, tuple(args), tuple(keywords), complete, receiver)
    return apply(machine, function, call)


def apply(machine: Machine, function: Value, call: Call) -> Value:
    """Call `function`."""
    if isinstance(function, Function):
        return call_function(machine, function, call, None)
    if isinstance(function, ClassValue):
        return classes.instantiate(machine, function, call)
    if isinstance(function, Symbol):
        if function.name.startswith("builtins."):
            return builtin.call(machine, function.name[9:], call)
        return registry.call_symbol(machine, function.name, call)
    if isinstance(function, Bound):
        return _apply_bound(machine, function, call)
    if isinstance(function, Partial):
        keywords = {**dict(function.keywords), **dict(call.keywords)}
        args = (*function.args, *call.args)
        whole = call._replace(args=args, keywords=tuple(keywords.items()))
        return apply(machine, function.function, whole)
    if isinstance(function, Ref) and function.id in machine.world.heap:
        state = machine.world.heap[function.id]
        if isinstance(state, Instance):
            return classes.call_instance(machine, function, state, call)
        return registry.call_object(machine, function, state, call)
    return call_unknown(machine, function, call)


def _apply_bound(machine: Machine, function: Bound, call: Call) -> Value:
    receiver, what = function.receiver, function.function
    if isinstance(what, Function):
        self_value: Value = receiver
        if what.role == "class" and isinstance(receiver, Ref):
            state = machine.world.heap.get(receiver.id)
            self_value = state.cls if isinstance(state, Instance) else receiver
        return call_function(machine, what, call, self_value)
    if isinstance(receiver, Ref):
        if receiver.id not in machine.world.heap:
            return call_unknown(machine, function, call)
        state = machine.world.heap[receiver.id]
        if isinstance(state, Instance):
            return classes.call_module_method(machine, receiver, state, what, call)
        return registry.call_method(machine, receiver, state, what, call)
    if isinstance(receiver, Unknown) and what in registry.UNKNOWN_METHODS:
        return registry.UNKNOWN_METHODS[what](call)
    if isinstance(receiver, Bound) and contained(receiver):
        return registry.call_part(machine, receiver, what, call)
    if isinstance(receiver, Super):
        return classes.call_super(machine, receiver, what, call)
    if isinstance(receiver, (Items, Entries)):
        return containers.change_container(machine, receiver, what, call)
    return derived(what, receiver, *call.values())


def call_unknown(machine: Machine, function: Value, call: Call) -> Value:
    """Call something that is out of view."""
    for value in call.values():
        machine.escape(value)
        if isinstance(value, (Items, Entries)):
            machine.world.replace_value(value, value.overwritten())
    match function:
        case Unknown(origin=("item", Items(items=items), *_)):
            _call_one_of(machine, items, call)
        case Unknown(origin=("item", Entries(items=entries), *_)):
            _call_one_of(machine, (value for _, value in entries), call)
        case Unknown(origin=("attribute", Ref(id=number), _)):
            state = machine.world.heap.get(number)
            if isinstance(state, Instance):
                classes.call_inherited(machine, state)
    match function:
        case Unknown(origin=("attribute", _, str(name))) if name in _SAME_EACH_TIME:
            # A queue's `get()` gives the next one.
            if call.args or name != "get":
                return derived("call", function, *call.values())
    result = result_of(machine, function, call)
    if isinstance(function, Unknown) and drawn_from(function) is not None:
        # What a part of a model gives, such as the values of a dict of parameters, is one too.
        return Unknown(("given", function.origin, result.origin), result.handles, 1)
    return result


def _call_one_of(machine: Machine, values: Iterable[Value], call: Call) -> None:
    """Call one of several functions, where the text does not say which."""
    for value in values:
        if isinstance(value, Function):
            relevance.cut_off(machine, value, call.values())


def function_value(machine: Machine, node: FunctionNode) -> Function:
    """Return the function that a `def` or `lambda` makes here."""
    arguments = node.args
    defaults = tuple(machine.eval(one) for one in arguments.defaults)
    keyword_defaults = tuple(machine.eval(one) if one else None for one in arguments.kw_defaults)
    return Function(node, machine.frame, defaults=defaults, keyword_defaults=keyword_defaults)


def call_function(
    machine: Machine, function: Function, call: Call, receiver: Value | None
) -> Value:
    """Follow a call to a function of the document, or skip it where it cannot matter."""
    node = function.node
    given = call.values() if receiver is None else (receiver, *call.values())
    running = machine.context.functions
    limit = MAX_CALL_DEPTH if machine.context.entry is None else MAX_ENTRY_DEPTH
    if not relevance.has_effect(machine, function, given):
        machine.reached.add(node)
        relevance.pass_over(machine, function, given)
        return result_of(machine, function, call)
    if node in running or machine.depth >= limit or "opaque" in function.contexts:
        relevance.cut_off(machine, function, given)
        return result_of(machine, function, call)
    return machine.choose(lambda: outcomes(machine, function, call, receiver))


def outcomes(
    machine: Machine, function: Function, call: Call, receiver: Value | None
) -> list[tuple[Value, World]]:
    """Run a function's body on the current world; return its results with their worlds."""
    node = function.node
    machine.reached.add(node)
    world = machine.world
    outer_frame, outer_statement = machine.frame, machine.statement
    outer_flow, outer_choices = machine.flow, machine.choices
    context = machine.context
    encloses = function.frame in world.frames
    frame = machine.frame = world.push(function.frame if encloses else 0)
    if not encloses:
        _hide_globals(machine, node)
    _bind_parameters(machine, function, call, receiver)
    machine.depth += 1
    inner = context._replace(
        functions=(*context.functions, node),
        sites=(*context.sites, (call.node, context.loops)),
        loops=(),
    )
    quiet = "no_grad" in function.contexts
    machine.context = inner.without_gradients() if quiet else inner
    try:
        results = _run_body(machine, node, world)
    finally:
        machine.depth -= 1
        machine.context = context
        machine.frame, machine.statement = outer_frame, outer_statement
        machine.flow, machine.choices = outer_flow, outer_choices
    closes = machine.code.facts(node).closes
    for _, after in results:
        if frame in after.frames and not (closes and _closed_over(after, frame)):
            after.pop(frame)
    return _settled(results)


def _run_body(machine: Machine, node: FunctionNode, world: World) -> list[tuple[Value, World]]:
    if isinstance(node, ast.Lambda):
        return machine.evaluate(node.body, world)
    flow = machine.new_flow()
    ends = machine.run_block(node.body, [world])
    nothing: list[tuple[Value, World]] = [(Literal((None,)), end) for end in ends]
    return flow.returned + nothing


def _closed_over(world: World, frame: int) -> bool:
    """Return whether a function, class or inner frame still looks names up in `frame`."""
    for other in world.frames.values():
        if other.parent == frame:
            return True
        for value in other.variables.values():
            if isinstance(value, (Function, ClassValue)) and value.frame == frame:
                return True
    return any(
        isinstance(value, Function) and value.frame == frame
        for state in world.heap.values()
        if isinstance(state, Instance)
        for value in state.attributes.values()
    )


def _settled(results: list[tuple[Value, World]]) -> list[tuple[Value, World]]:
    """Merge outcomes with one value and one tracked state; keep only so many."""
    groups: list[tuple[Value, list[World]]] = []
    for value, world in results:
        for index, (other, worlds) in enumerate(groups):
            if contained(value) == contained(other) and type(value) is type(other):
                merged = settle([*worlds, world])
                if len(merged) <= len(worlds):
                    groups[index] = (joined(other, value), merged)
                    break
        else:
            groups.append((value, [world]))
    flat = [(value, world) for value, worlds in groups for world in worlds]
    if len(flat) <= MAX_OUTCOMES:
        return flat
    merged = settle([world for _, world in flat[MAX_OUTCOMES - 1 :]], limit=1)
    return [*flat[: MAX_OUTCOMES - 1], (NOTHING_KNOWN, merged[0])]


def _hide_globals(machine: Machine, node: FunctionNode) -> None:
    """Where the frame around a function is gone, its names are unknown, and none of the module."""
    from peft_lint.locations import locate  # few files need it

    for scope in locate(machine.document.tree, node).scopes:
        if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names = {one.arg for one in ast.walk(scope.args) if isinstance(one, ast.arg)}
            names.update(*map(machine.code.bound, scope.body))
            for name in names.difference(machine.code.declared(scope)[0]):
                machine.world.bind(machine.frame, name, machine.fresh(node, name))


def _bind_parameters(
    machine: Machine, function: Function, call: Call, receiver: Value | None
) -> None:
    node, world, frame = function.node, machine.world, machine.frame
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    given = list(call.args) if receiver is None else [receiver, *call.args]
    keywords = dict(call.keywords)
    first_default = len(positional) - len(function.defaults)
    for index, parameter in enumerate(positional):
        if index < len(given):
            value = given[index]
            value = machine.fresh(parameter) if value is NOTHING_KNOWN else value
        elif parameter.arg in keywords:
            value = keywords.pop(parameter.arg)
        elif index >= first_default and call.complete:
            value = function.defaults[index - first_default]
        else:
            value = Unknown(("parameter", node, parameter.arg), depth=1)
        world.bind(frame, parameter.arg, value)
    for parameter, default in zip(arguments.kwonlyargs, function.keyword_defaults, strict=True):
        value_ = keywords.pop(parameter.arg, default if call.complete else None)
        unknown = Unknown(("parameter", node, parameter.arg), depth=1)
        world.bind(frame, parameter.arg, unknown if value_ is None else value_)
    if arguments.vararg:
        rest = tuple(given[len(positional) :])
        world.bind(frame, arguments.vararg.arg, Items("tuple", rest, call.complete))
    if arguments.kwarg:
        world.bind(frame, arguments.kwarg.arg, Entries(tuple(keywords.items()), call.complete))
