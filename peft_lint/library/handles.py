"""Shared moves of the library models: make handles and bodies, change modes, find them."""

from __future__ import annotations

import ast

from peft_lint.events import ArgumentsSwapped, StateDictLoaded
from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import (
    Adapter,
    Body,
    Fact,
    Handle,
    Instance,
    Kind,
    Node,
    State,
    Weights,
)
from peft_lint.interpreter.values import NOTHING_KNOWN, Ref, Unknown, Value, literal
from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine


def handle_of(machine: Machine, value: Value | None) -> tuple[Ref, Handle] | None:
    """Return the handle behind a value: itself, or the model inside a native object."""
    state = machine.world.state(value)
    if isinstance(state, Handle):
        assert isinstance(value, Ref)
        return value, state
    if isinstance(state, Instance) and state.native is not None:
        return handle_of(machine, Ref(state.native))
    return None


def receiver_of(call: Call) -> tuple[Ref, Handle, Body]:
    """Return the handle whose method is called, and its body."""
    machine = call.machine
    assert isinstance(call.receiver, Ref)
    handle = machine.world.heap[call.receiver.id]
    assert isinstance(handle, Handle)
    return call.receiver, handle, machine.world.body(handle)


def base_handle(call: Call, value: Value | None) -> tuple[Ref, Handle, bool]:
    """Return the handle of a model argument, and whether its origin is in view.

    An unknown base gets a handle on a body of unknown origin, and every name that held the
    unknown leads to it from now on.
    """
    machine = call.machine
    found = handle_of(machine, value)
    if found is not None:
        return (*found, True)
    if value is not None:
        machine.escape(value)
    body = Body(
        node=call.node,
        complete=False,
        quantised=None,
        adapters=None,
        active=None,
        enabled=None,
        trained=None,
    )
    ref = new_model(machine, body, None)
    if isinstance(value, Unknown) and value.origin is not None:
        machine.world.replace_value(value, ref)
    handle = machine.world.heap[ref.id]
    assert isinstance(handle, Handle)
    return ref, handle, False


def new_model(machine: Machine, body: Body, training: Fact) -> Ref:
    """Put a plain model with its body on the heap."""
    number = machine.world.add(body)
    return machine.world.add(Handle(number.id, Kind.PLAIN, body.node, training))


def change_body(machine: Machine, handle: Handle, **changes: object) -> None:
    """Replace facts of the body behind a handle."""
    body = machine.world.body(handle)
    machine.world.put(handle.body, body._replace(**changes))  # type: ignore[arg-type]


def add_step(machine: Machine, handle: Handle, node: Node, message: str) -> None:
    """Add what happened to the story of the body."""
    body = machine.world.body(handle)
    if not body.steps or body.steps[-1] != (node, message):
        machine.world.put(handle.body, body._replace(steps=(*body.steps[-7:], (node, message))))


def set_mode(machine: Machine, ref: Ref, mode: Fact) -> None:
    """Do `handle.train(mode)`: the handle's own flag, and every module below it."""
    handle = machine.world.heap[ref.id]
    assert isinstance(handle, Handle)
    _set_top(machine, ref.id, handle, mode)
    body = machine.world.body(handle)
    adapters = body.adapters
    if adapters is not None:
        adapters = tuple(one._replace(training=mode) for one in adapters)
    machine.world.put(handle.body, body._replace(training=mode, adapters=adapters))


def _set_top(machine: Machine, number: int, handle: Handle, mode: Fact) -> None:
    machine.world.put(number, handle._replace(training=mode))
    inner = machine.world.heap.get(handle.inner) if handle.inner is not None else None
    if isinstance(inner, Handle) and handle.inner is not None:
        _set_top(machine, handle.inner, inner, mode)


def update_adapters(machine: Machine, handle: Handle, **changes: object) -> None:
    """Replace facts of every adapter of a handle's body."""
    body = machine.world.body(handle)
    if body.adapters is not None:
        adapters = tuple(one._replace(**changes) for one in body.adapters)  # type: ignore[arg-type]
        machine.world.put(handle.body, body._replace(adapters=adapters))


def set_requires_grad(machine: Machine, handle: Handle, on: Fact, node: Node) -> None:
    """Freeze or unfreeze every parameter of a handle; None where it may be either.

    Prompts are not among the parameters of the plain model.
    """
    frozen_by = node if on is False else None
    body = machine.world.body(handle)
    inside = body.adapters
    if inside is not None:
        inside = tuple(
            one
            if one.in_place is False and handle.kind is Kind.PLAIN
            else one._replace(trainable=on, frozen_by=frozen_by)
            for one in inside
        )
    machine.world.put(handle.body, body._replace(adapters=inside, others=on))


def load_weights(
    machine: Machine, number: int, node: Node, weights: Value | None = None, strict: Fact = True
) -> None:
    """Load weights by name into the model of the handle `number`: any may be trained now."""
    handle = machine.world.heap.get(number)
    if isinstance(handle, Handle):
        machine.emit(StateDictLoaded(node, number, weights, strict))
        update_adapters(machine, handle, weights=Weights.UNKNOWN, paths=())
        change_body(machine, handle, trained=None, merged=())


def native_evaluates(machine: Machine) -> bool:
    """Return whether transformers' own way to load an adapter ends in eval mode (A7)."""
    target = machine.target
    if target.at_least("transformers", "5.4"):
        return True
    return target.at_least("transformers", "4.47") and not target.at_least("transformers", "5.0")


def with_adapter(body: Body, adapter: Adapter) -> tuple[Adapter, ...] | None:
    """Return the adapters of a body after one was added or replaced by name."""
    if body.adapters is None:
        return None
    return (*(one for one in body.adapters if one.name != adapter.name), adapter)


def swapped(call: Call, how: str, *kinds: type[State] | type[str]) -> bool:
    """Return whether the first arguments of a call surely are of these kinds, and tell so.

    They are those of the parameters the other way round.
    """
    given, spelled = call.args[: len(kinds)], call.node.args[: len(kinds)]
    if len(given) < len(kinds) or any(isinstance(one, ast.Starred) for one in spelled):
        return False
    for value, kind in zip(given, kinds, strict=True):
        found = literal(value) if kind is str else call.machine.world.state(value)
        if not isinstance(found, kind):
            return False
    call.machine.emit(ArgumentsSwapped(call.node, how))
    return True


def untouched(call: Call) -> Value:
    """Model a call that leaves models as they are; what it gives is not known."""
    return result_of(call.machine, NOTHING_KNOWN, call)


def plain_of(machine: Machine, ref: Ref) -> Ref:
    """Return the plain model inside the wrappers of a handle, the handle itself if none."""
    number: int | None = ref.id
    while number is not None:
        state = machine.world.heap.get(number)
        if not isinstance(state, Handle):
            break
        if state.kind is Kind.PLAIN:
            return Ref(number)
        number = state.inner
    return ref


def flag(call: Call, position: int | None, name: str, default: bool) -> Fact:
    """Return a boolean argument, None where the text does not say it."""
    value = call.get(position, name)
    if value is None:
        return default if call.complete else None
    constant = literal(value)
    return constant if isinstance(constant, bool) else None


def text(call: Call, position: int | None, name: str, default: str) -> str:
    """Return a string argument, `default` where it is not given or not known."""
    constant = call.constant(position, name, default)
    return constant if isinstance(constant, str) else default


def spelled_method(call: Call) -> str:
    """Return the name of the method as the call spells it, empty where it spells none."""
    function = call.node.func
    return function.attr if isinstance(function, ast.Attribute) else ""
