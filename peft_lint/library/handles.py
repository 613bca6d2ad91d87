"""Shared moves of the library models: make handles and bodies, change modes, find them."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from peft_lint.interpreter.objects import (
    Adapter,
    Body,
    Config,
    Fact,
    Handle,
    Instance,
    Kind,
    Node,
    Weights,
    above_zero,
)
from peft_lint.interpreter.values import Literal, Ref, Symbol, Unknown, Value, literal

if TYPE_CHECKING:
    from peft_lint.interpreter.calls import Call
    from peft_lint.interpreter.machine import Machine

PROMPT_LEARNING = frozenset(
    {
        "PromptTuningConfig",
        "PrefixTuningConfig",
        "PromptEncoderConfig",
        "MultitaskPromptTuningConfig",
        "CPTConfig",
    }
)
# Adapters whose dropout is called otherwise, and those that have none (A7).
DROPOUT_FIELDS = {
    "LoraConfig": ("lora_dropout",),
    "AdaLoraConfig": ("lora_dropout",),
    "LoHaConfig": ("rank_dropout", "module_dropout"),
    "LoKrConfig": ("rank_dropout", "module_dropout"),
    "OFTConfig": ("module_dropout",),
    "BOFTConfig": ("boft_dropout",),
    "VeraConfig": ("vera_dropout",),
    "FourierFTConfig": (),
    "IA3Config": (),
    "LNTuningConfig": (),
    "VBLoRAConfig": ("vblora_dropout",),
    "RandLoraConfig": ("randlora_dropout",),
    "PromptTuningConfig": (),
    "PrefixTuningConfig": (),
}
# Initialisations of LoRA with which a fresh adapter changes nothing: B is zero.
_ZERO_INITIALISATIONS = frozenset({True, "gaussian", "eva"})


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
    body = machine.world.add(Body(node=call.node, complete=False, quantised=None, enabled=None))
    state = machine.world.heap[body.id]
    assert isinstance(state, Body)
    machine.world.put(body.id, replace(state, adapters=None, active=None, trained=None))
    ref = machine.world.add(Handle(body.id, Kind.PLAIN, call.node))
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
    machine.world.put(handle.body, replace(body, **changes))  # type: ignore[arg-type]


def add_step(machine: Machine, handle: Handle, node: Node, message: str) -> None:
    """Add what happened to the story of the body."""
    body = machine.world.body(handle)
    if not body.steps or body.steps[-1] != (node, message):
        machine.world.put(handle.body, replace(body, steps=(*body.steps[-7:], (node, message))))


def set_mode(machine: Machine, ref: Ref, mode: Fact) -> None:
    """Do `handle.train(mode)`: the handle's own flag, and every module below it."""
    handle = machine.world.heap[ref.id]
    assert isinstance(handle, Handle)
    _set_top(machine, ref.id, handle, mode)
    body = machine.world.body(handle)
    adapters = body.adapters
    if adapters is not None:
        adapters = tuple(replace(one, training=mode) for one in adapters)
    machine.world.put(handle.body, replace(body, training=mode, adapters=adapters))


def _set_top(machine: Machine, number: int, handle: Handle, mode: Fact) -> None:
    machine.world.put(number, replace(handle, training=mode))
    inner = machine.world.heap.get(handle.inner) if handle.inner is not None else None
    if isinstance(inner, Handle) and handle.inner is not None:
        _set_top(machine, handle.inner, inner, mode)


def update_adapters(machine: Machine, handle: Handle, **changes: object) -> None:
    """Replace facts of every adapter of a handle's body."""
    body = machine.world.body(handle)
    if body.adapters is not None:
        adapters = tuple(replace(one, **changes) for one in body.adapters)  # type: ignore[arg-type]
        machine.world.put(handle.body, replace(body, adapters=adapters))


def with_adapter(body: Body, adapter: Adapter) -> tuple[Adapter, ...] | None:
    """Return the adapters of a body after one was added or replaced by name."""
    if body.adapters is None:
        return None
    return (*(one for one in body.adapters if one.name != adapter.name), adapter)


def config_of(call: Call, value: Value | None, node: ast.expr | None) -> Config:
    """Return the adapter config that an argument is, one of unknown content otherwise."""
    state = call.machine.world.state(value)
    if isinstance(state, Config):
        return state
    return Config(call.node, None, complete=False)


def fresh_adapter(name: str, node: Node, config: Config) -> Adapter:
    """Return the adapter that a config makes, with fresh weights."""
    return Adapter(
        name=name,
        node=node,
        config=config,
        weights=_fresh_weights(config),
        trainable=_fresh_trainable(config),
        training=True,
        dropout=config_dropout(config),
        in_place=config.class_name not in PROMPT_LEARNING if config.class_name else None,
    )


def _fresh_trainable(config: Config) -> Fact:
    if config.class_name in PROMPT_LEARNING:
        return True
    mode = config.get("inference_mode")
    if mode is None:
        # What is saved is always marked for inference (peft_model.py, `save_pretrained`).
        return False if config.source is not None else True if config.complete else None
    constant = literal(mode)
    return not constant if isinstance(constant, bool) else None


def _fresh_weights(config: Config) -> Weights:
    if config.source is not None:
        # Presumed LoRA-like, as any adapter from a path: its B starts at zero.
        return Weights.FRESH if config.class_name in PROMPT_LEARNING else Weights.ZERO
    if config.class_name in ("LoraConfig", "AdaLoraConfig"):
        init = config.get("init_lora_weights")
        if init is None:
            return Weights.ZERO if config.complete else Weights.FRESH
        return Weights.ZERO if literal(init) in _ZERO_INITIALISATIONS else Weights.FRESH
    return Weights.FRESH


def config_dropout(config: Config) -> Fact:
    """Return whether the adapter that a config makes has dropout above zero."""
    fields = DROPOUT_FIELDS.get(config.class_name or "")
    if fields is None or config.source is not None:
        return None
    answers = [
        above_zero(config.get(field)) if config.complete or config.get(field) is not None else None
        for field in fields
    ]
    if any(answer is True for answer in answers):
        return True
    return None if None in answers else False


def task_type(config: Config) -> Value | None:
    """Return the config's task type as a literal such as "SEQ_CLS", None where not given."""
    value = config.get("task_type")
    if isinstance(value, Symbol):
        return Literal((value.name.rpartition(".")[2],))
    return value
