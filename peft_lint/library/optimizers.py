"""Optimizers: which parameters of which models they hold, and when they take a step (B10)."""

from __future__ import annotations

from peft_lint.events import Stepped
from peft_lint.interpreter import containers
from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import Handle, Node, Optimizer, Parameters
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    Entries,
    Items,
    Ref,
    Unknown,
    Value,
    contained,
    derived,
    drawn_from,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.registry import (
    RESOLVERS,
    FunctionModel,
    attribute_of,
    function,
    method,
    unknown_method,
    words,
)

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine
    from peft_lint.interpreter.objects import State

_TORCH = frozenset(
    words(
        "Adadelta Adafactor Adagrad Adam AdamW Adamax ASGD LBFGS Muon NAdam RAdam RMSprop Rprop "
        "SGD SparseAdam"
    )
)
_BITSANDBYTES = words(
    "Adam Adam8bit AdamW AdamW8bit PagedAdam PagedAdam8bit PagedAdamW PagedAdamW8bit "
    "PagedAdamW32bit SGD SGD8bit Lion Lion8bit PagedLion PagedLion8bit"
)


def _resolve(name: str) -> FunctionModel | None:
    return optimizer if name.partition(".")[2] in _TORCH else None


RESOLVERS["torch"] = _resolve


@function("transformers.AdamW", "transformers.Adafactor", creates=False)
@function(*(f"bitsandbytes.{name}" for name in _BITSANDBYTES), creates=False)
def optimizer(call: Call) -> Value:
    """Model `AdamW(model.parameters())`; one of parameters out of view stays unknown."""
    machine = call.machine
    held = held_in(machine, call.get(0, "params"))
    if not held:
        return result_of(machine, NOTHING_KNOWN, call)
    known = tuple(one for one in held if one is not None)
    return machine.world.add(Optimizer(call.node, known, len(known) == len(held)))


def held_in(machine: Machine, value: Value | None) -> list[Parameters | None]:
    """Return the parameters that an argument holds, None for each that may be any.

    The list is empty where the argument has nothing to do with a tracked model.
    """
    if isinstance(value, Items):
        found = [one for item in value.items for one in held_in(machine, item) or [None]]
        found += [] if value.exact else [None]
    elif isinstance(value, Entries):
        return held_in(machine, value.get("params")) if value.exact else []
    elif isinstance(value, Unknown):
        number = drawn_from(value)
        handle = machine.world.heap.get(number) if number is not None else None
        if number is None or not isinstance(handle, Handle):
            return []
        found = [_drawn(machine, number, handle, value)]
    else:
        return []
    return found if any(one is not None for one in found) else []


def _drawn(machine: Machine, number: int, handle: Handle, value: Unknown) -> Parameters | None:
    """Return what was drawn from one model, None where other things may be among it."""
    origin = value.origin
    assert isinstance(origin, tuple)
    body = machine.world.body(handle)
    if origin[0] == "parameters":
        return _parameters(number, containers.held_by(body, picks=False), whole=True)
    if origin[0] == "collected":
        inner, moment, picks = origin[1:4]
        while isinstance(inner, tuple) and inner[0] == "collected":
            inner = inner[1]
        whole = isinstance(inner, tuple) and inner[0] == "parameters"
        held = containers.held_by(body, picks) if moment == "lazy" else moment
        return _parameters(number, held, whole)
    if origin[0] in ("part", "element", "item"):
        return Parameters(number, None, whole=False)
    return None


def _parameters(
    number: int, held: tuple[tuple[Node, ...], tuple[Node, ...]] | None, whole: bool
) -> Parameters:
    adapters, left_out = (None, ()) if held is None else held
    return Parameters(number, adapters, whole, left_out)


def step(call: Call, value: Value) -> None:
    """Tell of a step of every optimizer that a value is or holds."""
    world = call.machine.world
    for number in contained(value):
        state = world.heap.get(number)
        if isinstance(state, Optimizer):
            for one in state.held:
                if isinstance(world.heap.get(one.handle), Handle):
                    call.machine.emit(Stepped(call.node, one.handle, state))


@method(Optimizer, "step")
def step_(call: Call) -> Value:
    """Model `optimizer.step()`."""
    if call.receiver is not None:
        step(call, call.receiver)
    return NOTHING_KNOWN


@unknown_method("step")
def scaled_step(call: Call) -> Value:
    """Model `scaler.step(optimizer)`; a scheduler's `step()` has no optimizer to give."""
    for value in call.values():
        step(call, value)
    return derived("step", call.receiver or NOTHING_KNOWN, *call.values())


@unknown_method("unscale_")
def unscale(call: Call) -> Value:
    """Model `scaler.unscale_(optimizer)`, which leaves what it holds as it is."""
    return derived("unscale_", call.receiver or NOTHING_KNOWN, *call.values())


@method(Optimizer, "add_param_group")
def add_param_group(call: Call) -> Value:
    """Model more parameters for an optimizer."""
    world = call.machine.world
    state = world.state(call.receiver)
    held = held_in(call.machine, call.get(0, "param_group")) or [None]
    if isinstance(state, Optimizer) and isinstance(call.receiver, Ref):
        known = tuple(one for one in held if one is not None)
        complete = state.complete and len(known) == len(held)
        world.put(call.receiver.id, Optimizer(state.node, state.held + known, complete))
    return NOTHING_KNOWN


@method(Optimizer, *words("zero_grad state_dict load_state_dict train eval"))
def untouched(call: Call) -> Value:
    """Model a method that leaves what an optimizer holds as it is."""
    return NOTHING_KNOWN


@attribute_of(Optimizer, "param_groups")
def _param_groups(machine: Machine, ref: Ref, state: State) -> Value:
    """Return the groups; who changes one may change what the optimizer holds."""
    return Bound(ref, "param_groups")
