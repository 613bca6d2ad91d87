"""What the standard library does to a world: it ends the program, prepares a call, closes."""

from __future__ import annotations

from peft_lint.interpreter import classes
from peft_lint.interpreter.machine import DeadPath
from peft_lint.interpreter.objects import Instance
from peft_lint.interpreter.values import (
    Bound,
    ClassValue,
    ContextManager,
    Function,
    Partial,
    Ref,
    Symbol,
    Value,
    derived,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.registry import ANSWERS, function, hand_over

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call


# With builtins: the same as `sys.exit`, and what may do anything.
ANSWERS.update(("exit", "_exit", "quit", "exec"))


@function("sys.exit", "os._exit", creates=False)
def leave(call: Call) -> Value:
    """Model the end of the program: no path goes on from here."""
    call.machine.exits.append(call.machine.world)
    raise DeadPath


@function("functools.partial", creates=False)
def partial(call: Call) -> Value:
    """Model `partial(function, …)` of the document's own; a library's is called out of view."""
    made, *args = call.args or (None,)
    own = isinstance(made, (Function, ClassValue, Partial)) or (
        isinstance(made, Bound) and isinstance(made.function, Function)
    )
    if made is not None and own and call.complete:
        return Partial(made, tuple(args), call.keywords)
    hand_over(call.machine, call)
    return derived("call", Symbol("functools.partial"), *call.values())


@function("dataclasses.asdict", creates=False)
def asdict(call: Call) -> Value:
    """Model the fields of an object of a dataclass of the document, as a dict of their own."""
    thing = call.get(0, "obj")
    state = call.machine.world.state(thing)
    fields = None
    if isinstance(thing, Ref) and isinstance(state, Instance) and len(call.values()) == 1:
        fields = classes.as_dict(call.machine, thing, state)
    return fields or derived("call", Symbol("dataclasses.asdict"), *call.values())


@function("contextlib.closing", creates=False)
def closing(call: Call) -> Value:
    """Model a `with` whose end closes an object of the document by its own method."""
    thing = call.get(0, "thing")
    if isinstance(thing, Ref) and isinstance(call.machine.world.state(thing), Instance):
        return ContextManager("closing", thing)
    hand_over(call.machine, call)
    return derived("call", Symbol("contextlib.closing"), *call.values())
