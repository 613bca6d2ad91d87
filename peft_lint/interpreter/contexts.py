"""What `with` and decorators put around code: no gradients, adapters switched off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from peft_lint.interpreter.objects import Body, Handle
from peft_lint.interpreter.values import ContextManager, Ref, Symbol, Unknown, Value, derived

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Context, Machine

Leave = Callable[["Machine"], None]
_NO_GRAD = frozenset({"torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad"})


def of_decorator(value: Value) -> str:
    """Return what a decorator puts around each call, empty when nothing known."""
    if isinstance(value, ContextManager):
        return value.kind
    return "no_grad" if isinstance(value, Symbol) and value.name in _NO_GRAD else ""


def enter(machine: Machine, context: Context, value: Value) -> tuple[Context, Leave | None, Value]:
    """Enter a `with` item: return the context inside, what leaving does, what `as` binds."""
    if isinstance(value, ContextManager):
        if value.kind == "no_grad":
            return replace(context, no_grad=context.no_grad + 1), None, value
        if value.kind == "disable_adapter" and value.ref is not None:
            ref = value.ref
            _enable(machine, ref, False)
            return context, lambda later: _enable(later, ref, True), value
    bound = derived("enter", value) if isinstance(value, Unknown) else value
    return context, None, bound


def _enable(machine: Machine, ref: Ref, on: bool) -> None:
    handle = machine.world.heap.get(ref.id)
    body = machine.world.heap.get(handle.body) if isinstance(handle, Handle) else None
    if not isinstance(handle, Handle) or not isinstance(body, Body):
        return
    adapters = body.adapters
    if on and adapters is not None:
        # Leaving the block switches the active adapters on, and makes them trainable:
        # PEFT's `enable_adapters` does both, whatever they were before.
        adapters = tuple(
            one
            if body.active is None or one.name not in body.active
            else replace(one, trainable=True)
            for one in adapters
        )
    machine.world.put(handle.body, replace(body, enabled=on, adapters=adapters))
