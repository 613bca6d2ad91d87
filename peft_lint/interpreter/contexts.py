"""What `with` and decorators put around code: no gradients, adapters off, an expected error."""

from __future__ import annotations

from collections.abc import Callable

from peft_lint.interpreter import classes
from peft_lint.interpreter.objects import Fact, Instance
from peft_lint.interpreter.values import ContextManager, Ref, Symbol, Unknown, Value, derived
from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Context, Machine

Leave = Callable[["Machine"], object]
_DECORATORS = {
    "torch.no_grad": "no_grad",
    "torch.inference_mode": "no_grad",
    "torch.autograd.no_grad": "no_grad",
    # One half of it runs before the block, the other one after.
    "contextlib.contextmanager": "opaque",
    "contextlib.asynccontextmanager": "opaque",
}


def of_decorator(value: Value) -> str:
    """Return what a decorator puts around each call, empty when nothing known."""
    if isinstance(value, ContextManager):
        return value.kind
    return _DECORATORS.get(value.name, "") if isinstance(value, Symbol) else ""


def enter(machine: Machine, context: Context, value: Value) -> tuple[Context, Leave | None, Value]:
    """Enter a `with` item: return the context inside, what leaving does, what `as` binds."""
    if isinstance(value, ContextManager):
        if value.kind == "no_grad":
            return context.without_gradients(), None, value
        if value.kind == "raises":
            return context._replace(raises=True), None, value
        if value.kind == "disable_adapter" and value.ref is not None:
            ref = value.ref
            # Adapters that are off already stay off afterwards.
            was_enabled = _switch(machine, ref, False)
            if was_enabled is False:
                return context, None, value
            return context, lambda later: _switch(later, ref, was_enabled), value
        if value.kind == "closing" and value.ref is not None:
            closed = value.ref
            return context, lambda later: classes.run_hook(later, closed, "close"), closed
        if value.kind == "perhaps" and value.ref is not None:
            ref = value.ref
            was_enabled = _switch(machine, ref, None)
            return context, lambda later: _switch(later, ref, was_enabled, None), value
    if isinstance(value, Ref) and isinstance(machine.world.state(value), Instance):
        bound = classes.run_hook(machine, value, "__enter__")
        return context, lambda later: classes.run_hook(later, value, "__exit__"), bound
    bound = derived("enter", value) if isinstance(value, Unknown) else value
    return context, None, bound


def _switch(machine: Machine, ref: Ref, on: Fact, surely: Fact = True) -> Fact:
    """Switch the adapters of a handle on or off; return whether they were on before.

    Where nobody knows whether they were switched at all, nobody knows what is trainable.
    """
    handle = machine.world.handle(ref)
    if handle is None:
        return None
    body = machine.world.body(handle)
    switched = body.switched(on if surely else None)
    machine.world.put(handle.body, switched._replace(enabled=on))
    return body.enabled
