"""What the methods of a model do to a world: modes, answers, gradients (the A7 table)."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from peft_lint.events import EvalCalled, Inference, ParametersTouched
from peft_lint.interpreter.calls import Call, result_of
from peft_lint.interpreter.objects import Arguments, Fact, Handle, Kind, Weights
from peft_lint.interpreter.values import NOTHING_KNOWN, Ref, Unknown, Value, literal
from peft_lint.library.handles import (
    add_step,
    change_body,
    receiver_of,
    set_mode,
    update_adapters,
)
from peft_lint.library.registry import OBJECT_CALLS, WORDS, function, method
from peft_lint.library.transformers import sampling_of, streams

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine

WORDS.update({"generate", "chat", "stream_chat"})


@method(Handle, "eval")
def eval_(call: Call) -> Value:
    """Model `model.eval()`."""
    ref, handle, _ = receiver_of(call)
    set_mode(call.machine, ref, False)
    change_body(call.machine, handle, mode_call=None)
    add_step(call.machine, handle, call.node, "the model is put into eval mode here")
    call.machine.emit(EvalCalled(call.node, ref.id))
    return ref


@method(Handle, "train")
def train(call: Call) -> Value:
    """Model `model.train(mode=True)`."""
    ref, handle, _ = receiver_of(call)
    value = call.get(0, "mode")
    constant = literal(value, True if value is None else None)
    mode: Fact = constant if isinstance(constant, bool) else None
    set_mode(call.machine, ref, mode)
    change_body(call.machine, handle, mode_call=call.node if mode else None)
    if mode is not None:
        name = "train" if mode else "eval"
        add_step(call.machine, handle, call.node, f"the model is put into {name} mode here")
    if mode is False:
        call.machine.emit(EvalCalled(call.node, ref.id))
    return ref


@method(
    Handle,
    *"to cuda cpu half float bfloat16 double xpu npu tie_weights".split(),
)
def same_model(call: Call) -> Value:
    """Model a method that returns the model and keeps its mode."""
    assert isinstance(call.receiver, Ref)
    return call.receiver


@method(
    Handle,
    *(
        "gradient_checkpointing_enable gradient_checkpointing_disable enable_input_require_grads "
        "disable_input_require_grads activation_checkpointing_enable activation_checkpointing_disable "
        "resize_token_embeddings print_trainable_parameters get_nb_trainable_parameters "
        "get_model_status get_layer_status num_parameters get_input_embeddings get_output_embeddings "
        "get_memory_footprint zero_grad set_attn_processor compile "
        "create_or_update_model_card state_dict buffers named_buffers get_prompt children "
        "named_children get_submodule get_parameter prepare_inputs_for_generation "
        "can_generate save_checkpoint get_position_embeddings enable_xformers_memory_efficient_attention"
    ).split(),
)
def untouched(call: Call) -> Value:
    """Model a method that changes neither mode nor adapters."""
    return result_of(call.machine, NOTHING_KNOWN, call)


@method(Handle, "requires_grad_")
def requires_grad_(call: Call) -> Value:
    """Model freezing or unfreezing everything: adapters share the body's modules."""
    ref, handle, _ = receiver_of(call)
    constant = call.constant(0, "requires_grad", True)
    mode: Fact = constant if isinstance(constant, bool) else None
    update_adapters(call.machine, handle, trainable=mode)
    call.machine.emit(ParametersTouched(call.node, ref.id))
    return ref


@method(Handle, "parameters", "named_parameters", "modules", "named_modules")
def parameters(call: Call) -> Value:
    """Model going through the parameters; setting their `requires_grad` finds the way back."""
    assert isinstance(call.receiver, Ref)
    return Unknown(("parameters", call.receiver.id), depth=1)


@method(Handle, "load_state_dict")
def load_state_dict(call: Call) -> Value:
    """Model loading weights by name: whatever they are, the adapter may be trained now."""
    _, handle, _ = receiver_of(call)
    update_adapters(call.machine, handle, weights=Weights.UNKNOWN)
    return NOTHING_KNOWN


@method(Handle, "generate", "chat", "stream_chat")
def generate(call: Call) -> Value:
    """Model generation, which needs eval mode."""
    ref, _, _ = receiver_of(call)
    return _infer(call, ref, "generate", sampling_of(call))


@method(Handle, "forward", "__call__")
def forward(call: Call) -> Value:
    """Model a forward; without gradients it is inference."""
    ref, handle, _ = receiver_of(call)
    if handle.kind is Kind.PIPELINE:
        return _run_pipeline(call, ref, handle)
    if call.machine.context.no_grad:
        return _infer(call, ref, "forward", False)
    return _output(call, ref)


OBJECT_CALLS[Handle] = forward


def _output(call: Call, ref: Ref) -> Unknown:
    result = call.machine.fresh(call.node)
    return Unknown(result.origin, frozenset({ref.id}), 1)


def _infer(call: Call, ref: Ref, how: str, sampling: Fact) -> Value:
    function = call.node.func
    receiver = function.value if how == "generate" and isinstance(function, ast.Attribute) else function
    if how == "forward" and isinstance(function, ast.Attribute) and function.attr == "forward":
        receiver = function.value
    event = Inference(call.node, ref.id, how, receiver, sampling, streams(call))
    call.machine.emit(event)
    return _output(call, ref)


def _run_pipeline(call: Call, ref: Ref, handle: Handle) -> Value:
    machine = call.machine
    settings = machine.world.state(handle.settings)
    sampling = sampling_of(call, (handle.settings,))
    if isinstance(settings, Arguments) and settings.class_name == "text-generation":
        told = any(
            given is not None
            for name in ("do_sample", "generation_config", "generate_kwargs")
            for given in (call.get(None, name), settings.get(name))
        )
        if not told and call.complete and settings.complete:
            # Text generation pipelines sample unless told not to (A8).
            sampling = machine.target.at_least("transformers", "4.52")
    event = Inference(call.node, ref.id, "pipeline", call.node.func, sampling, streams(call))
    machine.emit(event)
    return _output(call, ref)


@function("copy.deepcopy", creates=False)
def deepcopy(call: Call) -> Value:
    """Model a deep copy of a model: a body of its own in the same state."""
    machine = call.machine
    value = call.get(0, "x")
    handle = machine.world.handle(value)
    if handle is None:
        return result_of(machine, NOTHING_KNOWN, call) if value is None else value
    return _copied(machine, handle, machine.world.add(machine.world.body(handle)).id)


def _copied(machine: Machine, handle: Handle, body: int) -> Ref:
    inner = machine.world.heap.get(handle.inner) if handle.inner is not None else None
    number = _copied(machine, inner, body).id if isinstance(inner, Handle) else None
    return machine.world.add(replace(handle, body=body, inner=number))
