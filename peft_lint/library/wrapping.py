"""Fresh adapters on a base: `get_peft_model` and its kin (facts: A3, A6, A7)."""

from __future__ import annotations

import ast

from peft_lint import knowledge
from peft_lint.events import ConfigUsed, Enclosed, Mixed, Wrapped
from peft_lint.interpreter.objects import Adapter, Body, Config, Handle, Kind, Weights
from peft_lint.interpreter.values import NOTHING_KNOWN, Items, Literal, Ref, Value
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.adapters import names_in
from peft_lint.library.configs import DEFAULT, config_of, fresh_adapter, task_type
from peft_lint.library.handles import (
    add_step,
    base_handle,
    change_body,
    receiver_of,
    swapped,
    text,
    update_adapters,
    with_adapter,
)
from peft_lint.library.registry import function, method

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine


@function("peft.get_peft_model")
def get_peft_model(call: Call) -> Value:
    """Model `get_peft_model(model, peft_config)`: mixed mode, fresh weights (A7)."""
    if swapped(call, "get_peft_model", Config, Handle):
        return NOTHING_KNOWN
    node = call.node_of(1, "peft_config")
    mixed = call.constant(3, "mixed") is True
    config = config_of(call, call.get(1, "peft_config"))
    return wrap(call, call.get(0, "model"), config, "get_peft_model", node, mixed)


def wrap_in(call: Call, class_name: str) -> Value:
    """Model `PeftModel(base, config)` and its subclasses: as get_peft_model."""
    if swapped(call, class_name, Config, Handle):
        return NOTHING_KNOWN
    node = call.node_of(1, "peft_config")
    mixed = class_name == "PeftMixedModel"
    config = config_of(call, call.get(1, "peft_config"))
    task = task_of_class(class_name, "PeftModelFor")
    return wrap(call, call.get(0, "model"), config, "PeftModel", node, mixed, task)


def task_of_class(name: str, prefix: str) -> Value | None:
    """Return the task type that a class of PEFT's is for, by what follows `prefix`."""
    task = knowledge.TASK_TYPES.get(name.removeprefix(prefix))
    return None if task is None else Literal((task,))


@function("peft.inject_adapter_in_model")
def inject_adapter_in_model(call: Call) -> Value:
    """Model `inject_adapter_in_model(config, model)`: dropout live, flags kept (A7, H)."""
    if swapped(call, "inject_adapter_in_model", Handle, Config):
        return NOTHING_KNOWN
    ref, handle, known = base_handle(call, call.get(1, "model"))
    body = call.machine.world.body(handle)
    config = config_of(call, call.get(0, "peft_config"))
    adapter = fresh_adapter(text(call, 2, "adapter_name", DEFAULT), call.node, config)
    change_body(
        call.machine,
        handle,
        adapters=with_adapter(body, adapter),
        active=(adapter.name,) if body.active == () else None,
        enabled=True,
        others=False,
    )
    base_node, config_node = call.node_of(1, "model"), call.node_of(0, "peft_config")
    _tell(call, ref, ref, body, known, config, "inject_adapter_in_model", base_node, config_node)
    return ref


def wrap(
    call: Call,
    base: Value | None,
    config: Config,
    how: str,
    config_node: ast.expr | None,
    mixed: bool = False,
    task: Value | None = None,
) -> Ref:
    """Put a fresh adapter on a base and return the PeftModel around it.

    The class of that is the config's task's, or `task`'s where the class itself is called.
    """
    ref, handle, known = base_handle(call, base)
    body = call.machine.world.body(handle)
    name = DEFAULT if how == "trainer" else text(call, 2, "adapter_name", DEFAULT)
    adapter = fresh_adapter(name, call.node, config)
    change_body(
        call.machine,
        handle,
        adapters=with_adapter(body, adapter),
        active=(name,) if handle.kind is Kind.PLAIN else None,
        enabled=True,
        others=False,
    )
    made_for = task if how == "PeftModel" else task_type(config)
    result = enclose(call, ref, adapter, Kind.MIXED if mixed else Kind.PEFT, made_for)
    base_node = call.node_of(0, "model")
    if how != "trainer":
        call.machine.emit(
            Enclosed(call.node, result.id, ref.id, base_node, body, how, config=config)
        )
    _tell(call, result, ref, body, known, config, how, base_node, config_node)
    return result


def enclose(
    call: Call, base: Ref, adapter: Adapter, kind: Kind, settings: Value | None = None
) -> Ref:
    """Put a new PeftModel around a base, with the tuner between them that `.base_model` is."""
    world = call.machine.world
    handle = world.handle(base)
    assert handle is not None
    inner = base
    if adapter.in_place is not False:
        inner = world.add(Handle(handle.body, Kind.TUNER, call.node, True, base.id))
    return world.add(Handle(handle.body, kind, call.node, True, inner.id, settings))


def _tell(
    call: Call,
    ref: Ref,
    base: Ref,
    before: Body,
    known: bool,
    config: Config,
    how: str,
    base_node: ast.expr | None,
    config_node: ast.expr | None,
) -> None:
    """Add the step to the story, and tell the rules that a fresh adapter is on a base."""
    machine = call.machine
    handle = machine.world.handle(ref)
    assert handle is not None
    words = "the adapter is created here, with fresh weights"
    if fresh_adapter(DEFAULT, call.node, config).dropout:
        words = "the adapter is created here: its dropout starts in train mode"
    add_step(machine, handle, call.node, words)
    for value in call.values():
        if isinstance(value, Ref) and machine.world.heap.get(value.id) is config:
            machine.world.put(value.id, config._replace(met=(call.node, before.family)))
    machine.emit(ConfigUsed(call.node, config, how, ref.id))
    machine.emit(
        Wrapped(
            call.node,
            ref.id,
            base=base.id,
            config=config,
            base_node=base_node,
            config_node=config_node,
            how=how,
            before=before,
            fresh_base=known and before.adapters == () and not before.escaped,
            complete=call.complete,
        )
    )


@method(Handle, "add_adapter")
def add_adapter(call: Call) -> Value:
    """Model `add_adapter`: PEFT's `(name, config)` or transformers' `(config, name)`."""
    machine = call.machine
    ref, handle, body = receiver_of(call)
    if handle.kind is Kind.PLAIN:
        return _add_native(call, ref, handle, body)
    # A tuner passes the call on to the plain model.
    if handle.kind is not Kind.TUNER and swapped(call, "add_adapter", Config, str):
        return NOTHING_KNOWN
    name = call.constant(0, "adapter_name")
    if not isinstance(name, str):
        machine.escape(ref)
        return NOTHING_KNOWN
    # Not active, and only the active one is trainable (A6).
    config = config_of(call, call.get(1, "peft_config"))
    adapter = fresh_adapter(name, call.node, config)._replace(trainable=False, frozen_by=None)
    change_body(machine, handle, adapters=with_adapter(body, adapter), others=False)
    _unfreeze_active(machine, handle, body.active)
    machine.emit(ConfigUsed(call.node, config, "add_adapter", ref.id))
    return NOTHING_KNOWN


def _unfreeze_active(machine: Machine, handle: Handle, active: tuple[str, ...] | None) -> None:
    """Do what releases before 0.21 may do to the active adapter when another is added (A6)."""
    adapters = machine.world.body(handle).adapters
    if adapters is None or machine.target.at_least("peft", "0.21"):
        return
    changed = tuple(
        one._replace(trainable=None, frozen_by=None)
        if active is None or one.name in active
        else one
        for one in adapters
    )
    change_body(machine, handle, adapters=changed)


def _add_native(call: Call, ref: Ref, handle: Handle, body: Body) -> Value:
    """Model transformers' and diffusers' own `add_adapter`: active, the others frozen (A6)."""
    if swapped(call, "add_adapter", str, Config):
        return NOTHING_KNOWN
    given = call.get(0, "adapter_config")
    if given is None or isinstance(given, Literal):
        # Another library's method of this name, such as AdapterHub's `(name, config=…)`.
        call.machine.escape(ref)
        return NOTHING_KNOWN
    config = config_of(call, given)
    name = text(call, 1, "adapter_name", DEFAULT)
    # It is activated at once, which makes it trainable whatever the config says.
    adapter = fresh_adapter(name, call.node, config)._replace(native=True, trainable=True)
    update_adapters(call.machine, handle, trainable=False, frozen_by=None)
    change_body(
        call.machine,
        handle,
        adapters=with_adapter(call.machine.world.body(handle), adapter),
        active=(adapter.name,),
        enabled=True,
        others=False,
    )
    node = call.node_of(0, "adapter_config")
    _tell(call, ref, ref, body, True, config, "add_adapter", None, node)
    return NOTHING_KNOWN


@method(Handle, "add_weighted_adapter")
def add_weighted_adapter(call: Call) -> Value:
    """Model a mix of adapters: a new one, not active, its dropout live (A7)."""
    ref, handle, body = receiver_of(call)
    name = call.constant(2, "adapter_name")
    if not isinstance(name, str):
        call.machine.escape(ref)
        return NOTHING_KNOWN
    add_step(
        call.machine, handle, call.node, "adapters are mixed into a new one in train mode here"
    )
    mix = fresh_adapter(name, call.node, Config(call.node, None, complete=False))._replace(
        config=None,
        weights=Weights.UNKNOWN,
        trainable=None,
        frozen_by=None,
        dropout=_mixed_dropout(call, body),
    )
    change_body(call.machine, handle, adapters=with_adapter(body, mix))
    _unfreeze_active(call.machine, handle, body.active)
    call.machine.emit(Mixed(call.node, ref.id, names_in(call.get(0, "adapters"))))
    return NOTHING_KNOWN


def _mixed_dropout(call: Call, body: Body) -> bool | None:
    """Return whether a mix has dropout: it gets the config of the first adapter it is of."""
    parts = call.get(0, "adapters")
    first = parts.items[0] if isinstance(parts, Items) and parts.items else None
    name = first.values[0] if isinstance(first, Literal) and first.single else None
    adapter = body.adapter(name) if isinstance(name, str) else None
    return adapter.dropout if adapter is not None else None
