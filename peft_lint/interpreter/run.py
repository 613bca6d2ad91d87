"""Runs a document: the module first, then every function that no analysed call reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from peft_lint.document import Document
from peft_lint.events import ConfigUsed, Event
from peft_lint.interpreter import calls, classes, relevance
from peft_lint.interpreter.call import bare
from peft_lint.interpreter.joining import agree, settle
from peft_lint.interpreter.machine import Context, Machine, Observer
from peft_lint.interpreter.objects import Config, Instance
from peft_lint.interpreter.values import ClassValue, Function, Ref, Value, contained
from peft_lint.interpreter.world import World
from peft_lint.library import registry
from peft_lint.versions import Target

# Worlds of a module's end from which unreached functions start.
_MAX_STARTS = 2
# Hooks that a trainer calls in eval mode, by its own doing (A7).
_EVALUATION_HOOKS = frozenset(
    "validation_step test_step predict_step on_validation_epoch_end on_test_epoch_end "
    "on_evaluate on_prediction_step on_predict prediction_step compute_metrics".split()
)


def run(
    document: Document,
    target: Target,
    listener: Callable[[Event, Machine], None] = lambda event, machine: None,
    observer: Observer | None = None,
) -> Machine:
    """Interpret a document; raise DocumentError when it cannot be parsed.

    `listener` hears the events, `observer` sees every statement with the worlds after it.
    """
    machine = machine_for(document, target, listener, observer)
    interpret(machine)
    return machine


def machine_for(
    document: Document,
    target: Target,
    listener: Callable[[Event, Machine], None],
    observer: Observer | None = None,
) -> Machine:
    """Return a machine that has not run yet, with the library models that a document may need."""
    registry.load(document.text)
    return Machine(document, target, listener, observer)


def interpret(machine: Machine) -> None:
    """Run the module of a machine's document, then what no call in it reached."""
    world = machine.world
    ends = machine.run_block(machine.document.tree.body, [world])
    ends += [one for _, one in machine.flow.returned]
    if not ends:
        # The module's last statement raises, or leaves through `sys.exit`.
        ends = machine.flow.raised or machine.exits or [world]
    machine.ends = settle(ends, limit=_MAX_STARTS)
    _run_unreached(machine, [world.fork() for world in machine.ends])


def _run_unreached(machine: Machine, ends: list[World]) -> None:
    """Run callbacks, endpoints and library functions from the module's final state."""
    joined = settle([world.fork() for world in ends], limit=1)[0]
    for cls in list(machine.classes.values()):
        _run_class(machine, cls, joined)
    while True:
        left = [one for node, one in machine.pending.items() if node not in machine.reached]
        if not left:
            return
        for function in left:
            machine.reached.add(function.node)
            for end in ends:
                _enter(machine, function, end.fork(), None)


def _run_class(machine: Machine, cls: ClassValue, end: World) -> None:
    """Run the methods of a class that were not called, on an object of it.

    What the object holds then is the join of what the constructor and every method that
    assigns attributes leave.
    """
    if all(one.node in machine.reached for one in classes.methods(cls)):
        return
    if not relevance.is_class_relevant(machine, cls, end):
        machine.reached.update(one.node for one in classes.methods(cls))
        return
    start, ref = _with_object(machine, cls, end)
    methods = [one for one in classes.methods(cls) if one.node not in machine.reached]
    left, done = [start], []
    for method in methods:
        if method.role == "method" and machine.code.facts(method.node).assigned:
            left += _enter(machine, method, start.fork(), ref, kept=True)
            done.append(method)
    state = settle(left, limit=1)[0]
    if not agree(start, state):
        # Who names nothing that leads to a model has done what it does.
        tracked = {name for world in (start, state) for name in _tracked(world, ref)}
        done = [one for one in done if not any(map(machine.code.reach(one.node).says, tracked))]
    for method in methods:
        machine.reached.add(method.node)
        if method not in done:
            _enter(machine, method, state.fork(), None if method.role == "static" else ref)


def _tracked(world: World, ref: Ref) -> Iterator[str]:
    """Yield the names by which a method of an object gets at models: attributes, and globals."""
    state = world.state(ref)
    if isinstance(state, Instance):
        yield from state.tracked
    yield from world.frames[0].tracked


def _with_object(machine: Machine, cls: ClassValue, end: World) -> tuple[World, Ref]:
    """Return a world with an object of the class: the module's own, else a new one."""
    for number, state in end.heap.items():
        if isinstance(state, Instance) and state.cls.node is cls.node:
            return end.fork(), Ref(number)
    world = end.fork()
    state = Instance(cls, cls.node)
    # It may be one of a class that is derived, with attributes of its own.
    derived = "abc.ABC" in cls.library_bases() or any(
        cls in one.bases for one in machine.classes.values()
    )
    ref = world.add(state.opened() if derived else state)
    init = cls.find("__post_init__" if cls.is_dataclass else "__init__")
    if not isinstance(init, Function):
        return world, ref
    machine.reached.add(init.node)
    after = _enter(machine, init, world, ref, kept=True)
    return (settle(after, limit=1)[0] if after else world), ref


def _enter(
    machine: Machine,
    function: Function,
    world: World,
    receiver: Value | None,
    *,
    kept: bool = False,
) -> list[World]:
    """Run a function with unknown arguments; what it returns, it gives out of view.

    `kept` when what it leaves counts, even if it is not worth running.
    """
    machine.world = world
    node = function.node
    given = () if receiver is None else (receiver,)
    outer = machine.context
    machine.context = Context(entry=node)
    if not relevance.is_relevant(machine, function, given):
        machine.reached.add(node)
        if kept:
            relevance.pass_over(machine, function, given)
        machine.context = outer
        return [world]
    machine.silent = getattr(node, "name", "") in _EVALUATION_HOOKS
    call = bare(machine, node)._replace(complete=False)
    results = calls.outcomes(machine, function, call, receiver)
    machine.context = outer
    # What is returned here leaves the analysis; the function itself did nothing with it.
    for value, after in results:
        machine.world = after
        if getattr(node, "name", "") not in machine.document.outline.vocabulary:
            _tell_configs(machine, value)
        machine.silent = True
        machine.escape(value)
        machine.silent = False
    return [after for _, after in results]


def _tell_configs(machine: Machine, value: Value) -> None:
    """Tell of the configs that a function returns which no code in view calls: none edits them."""
    for number in contained(value):
        state = machine.world.heap.get(number)
        if isinstance(state, Config):
            machine.emit(ConfigUsed(state.node, state, "return", None))
