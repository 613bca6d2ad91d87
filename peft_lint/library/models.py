"""What the methods of a model do to a world: modes, gradients, weights (the A7 table)."""

from __future__ import annotations

import ast

from peft_lint.events import (
    Converted,
    EvalCalled,
    NoOp,
    ParametersTouched,
    Resized,
    StateDictRead,
    StateDictReplaced,
)
from peft_lint.interpreter import shares
from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import Arguments, Config, Fact, Handle
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    Entries,
    Items,
    Literal,
    Ref,
    Unknown,
    Value,
    contained,
    key,
    literal,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.dtypes import cast_by
from peft_lint.library.handles import (
    add_step,
    change_body,
    flag,
    load_weights,
    receiver_of,
    set_mode,
    set_requires_grad,
    spelled_method,
    untouched,
)
from peft_lint.library.registry import UNCALLED, function, method, part_method, words

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine


@method(Handle, "eval")
def eval_(call: Call) -> Value:
    """Model `model.eval()`."""
    ref, _, _ = receiver_of(call)
    switch_to_eval(call, ref)
    return ref


def switch_to_eval(call: Call, ref: Ref) -> None:
    """Put a model into eval mode, and tell so."""
    handle = call.machine.world.heap[ref.id]
    assert isinstance(handle, Handle)
    set_mode(call.machine, ref, False)
    change_body(call.machine, handle, mode_call=None)
    add_step(call.machine, handle, call.node, "the model is put into eval mode here")
    call.machine.emit(EvalCalled(call.node, ref.id))


@method(Handle, "train")
def train(call: Call) -> Value:
    """Model `model.train(mode=True)`."""
    ref, handle, _ = receiver_of(call)
    value = call.get(0, "mode")
    constant = literal(value, True if value is None else None)
    mode: Fact = constant if isinstance(constant, bool) else None
    if mode is False:
        switch_to_eval(call, ref)
        return ref
    set_mode(call.machine, ref, mode)
    change_body(call.machine, handle, mode_call=call.node if mode else None)
    if mode:
        add_step(call.machine, handle, call.node, "the model is put into train mode here")
    return ref


@method(Handle, "training=")
def set_training(call: Call) -> Value:
    """Model `model.training = False`: the flag alone, no module below it."""
    ref, handle, _ = receiver_of(call)
    constant = call.constant(0, "")
    mode: Fact = constant if isinstance(constant, bool) else None
    call.machine.world.put(ref.id, handle._replace(training=mode))
    if call.machine.statement is not None:
        call.machine.emit(NoOp(call.machine.statement, ref.id, "training", call.args[0]))
    return NOTHING_KNOWN


def _uncalled(machine: Machine, ref: Ref, node: ast.Attribute) -> None:
    """Tell of `model.eval` without parentheses."""
    machine.emit(NoOp(node, ref.id, node.attr))


UNCALLED[(Handle, "eval")] = UNCALLED[(Handle, "train")] = _uncalled


@method(Handle, *words("to cuda cpu half float bfloat16 double xpu npu type"))
def same_model(call: Call) -> Value:
    """Model a method that returns the model and keeps its mode."""
    ref, handle, _ = receiver_of(call)
    how = spelled_method(call)
    cast = cast_by(call, how)
    if cast is not None:
        change_body(call.machine, handle, cast=cast)
    call.machine.emit(Converted(call.node, ref.id, how, call.values()))
    return ref


@method(Handle, "dequantize")
def dequantize(call: Call) -> Value:
    """Model giving a quantised model its full weights back, in place."""
    ref, handle, _ = receiver_of(call)
    change_body(call.machine, handle, quantised=False, cast=(call.node, None))
    return ref


_UNTOUCHED = words(
    "gradient_checkpointing_enable gradient_checkpointing_disable enable_input_require_grads "
    "disable_input_require_grads activation_checkpointing_enable enable_gradient_checkpointing "
    "activation_checkpointing_disable print_trainable_parameters "
    "get_layer_status "
    "get_memory_footprint zero_grad compile "
    "set_attn_processor create_or_update_model_card buffers named_buffers get_prompt "
    "children named_children prepare_inputs_for_generation "
    "can_generate save_checkpoint tie_weights set_attn_implementation "
    "enable_xformers_memory_efficient_attention add_model_tags "
    "register_forward_hook register_forward_pre_hook compute_transition_scores"
)


method(Handle, *_UNTOUCHED)(untouched)


@method(Handle, "get_nb_trainable_parameters", "get_model_status", "num_parameters")
def counted(call: Call) -> Value:
    """Model counting what can be trained: zero where that is nothing."""
    machine, (ref, _, _), how = call.machine, receiver_of(call), spelled_method(call)
    result = result_of(machine, NOTHING_KNOWN, call)
    if shares.is_any_trained(machine.world, ref.id) is not False:
        return result
    zero = Literal((0,), call.node)
    if how == "get_model_status":
        machine.world.set_attribute(key(result), "trainable_params", zero)
    elif how == "get_nb_trainable_parameters":
        return Items("tuple", (zero, result))
    elif call.constant(0, "only_trainable") is True:
        return zero
    return result


@method(Handle, "resize_token_embeddings")
def resize_token_embeddings(call: Call) -> Value:
    """Model giving the model another vocabulary, in place; without a size nothing changes."""
    ref, handle, body = receiver_of(call)
    if call.get(0, "new_num_tokens") is not None:
        change_body(call.machine, handle, resized=call.node)
        call.machine.emit(Resized(call.node, ref.id, body))
    return result_of(call.machine, NOTHING_KNOWN, call)


_PARTS = words(
    "get_submodule get_parameter get_input_embeddings get_output_embeddings "
    "get_position_embeddings get_encoder get_decoder"
)


@method(Handle, *_PARTS)
def part(call: Call) -> Value:
    """Model reading a layer or a parameter: a part of the model, whichever it is."""
    ref, _, _ = receiver_of(call)
    return Bound(ref, spelled_method(call))


@part_method(*_PARTS)
def part_of_part(call: Call) -> Value:
    """Model reading a layer of a layer, which is a part of the whole model as well."""
    return Bound(call.receiver or NOTHING_KNOWN, spelled_method(call))


@method(Handle, "state_dict", "get_adapter_state_dict")
def state_dict(call: Call) -> Value:
    """Model reading the weights: who saves them by hand saves the model."""
    ref, _, _ = receiver_of(call)
    call.machine.emit(StateDictRead(call.node, ref.id))
    return weights_of(ref)


@method(Handle, "state_dict=")
def replace_state_dict(call: Call) -> Value:
    """Model `model.state_dict = …`, and `del model.state_dict`: the model stays as it is."""
    ref, handle, _ = receiver_of(call)
    statement = call.machine.statement
    if statement is not None:
        value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
        call.machine.emit(StateDictReplaced(statement, ref.id, value))
        change_body(call.machine, handle, state_dict_by=None if value is None else statement)
    return NOTHING_KNOWN


def weights_of(ref: Ref) -> Value:
    """Return the weights of a model: unknown values, known to be its own."""
    return Unknown(("parameters", ref.id), frozenset({ref.id}), 1)


@method(Handle, "requires_grad_")
def requires_grad_(call: Call) -> Value:
    """Model freezing or unfreezing everything: adapters share the body's modules."""
    ref, handle, _ = receiver_of(call)
    constant = call.constant(0, "requires_grad", True)
    mode: Fact = constant if isinstance(constant, bool) else None
    set_requires_grad(call.machine, handle, mode, call.node)
    call.machine.emit(ParametersTouched(call.node, ref.id, mode))
    return ref


@method(Handle, "parameters", "named_parameters")
def parameters(call: Call) -> Value:
    """Model going through the parameters; setting their `requires_grad` finds the way back."""
    ref, _, _ = receiver_of(call)
    return Unknown(("parameters", ref.id), depth=1)


@method(Handle, "modules", "named_modules")
def modules(call: Call) -> Value:
    """Model going through the modules."""
    ref, _, _ = receiver_of(call)
    return Unknown(("part", ("parameters", ref.id)), depth=1)


@method(Handle, "load_state_dict")
def load_state_dict(call: Call) -> Value:
    """Model loading weights by name: whatever they are, the adapter may be trained now."""
    ref, _, _ = receiver_of(call)
    strict = flag(call, 1, "strict", True)
    load_weights(call.machine, ref.id, call.node, call.get(0, "state_dict"), strict)
    return NOTHING_KNOWN


@function("copy.deepcopy", creates=False)
def deepcopy(call: Call) -> Value:
    """Model a deep copy: of a model, a body of its own in the same state."""
    world = call.machine.world
    value = call.get(0, "x")
    state = world.state(value)
    if isinstance(state, Handle):
        return _copied(call.machine, state, world.add(world.body(state)).id)
    if isinstance(state, (Config, Arguments)):
        return world.add(state)
    if isinstance(value, (Literal, Items, Entries)) and not contained(value):
        # A display is told from its copy by its identity.
        return value._replace()
    return result_of(call.machine, NOTHING_KNOWN, call)


def _copied(machine: Machine, handle: Handle, body: int) -> Ref:
    inner = machine.world.heap.get(handle.inner) if handle.inner is not None else None
    number = _copied(machine, inner, body).id if isinstance(inner, Handle) else None
    return machine.world.add(handle._replace(body=body, inner=number))
