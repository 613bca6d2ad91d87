"""Adapters that are there: activated, switched off, merged, taken off, saved (A6, A9, A10)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.events import Activated, ConfigSaved, ForeignCalled, Merged, NoOp, Saved
from peft_lint.interpreter import calls
from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import (
    PEFT_MODELS,
    PEFT_PARTS,
    Adapter,
    Body,
    Fact,
    Handle,
    Kind,
    State,
)
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    ContextManager,
    Items,
    Literal,
    Ref,
    Value,
    derived,
    is_given,
    literal,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import artifacts
from peft_lint.library.handles import (
    change_body,
    flag,
    plain_of,
    receiver_of,
    spelled_method,
    update_adapters,
)
from peft_lint.library.registry import attribute_of, method, unknown_method, words

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine


@method(Handle, "set_adapter")
def set_adapter(call: Call) -> Value:
    """Model `set_adapter(name)`: active, unmerged, and trainable from then on (A6, A9)."""
    machine = call.machine
    ref, handle, body = receiver_of(call)
    names = names_in(call.get(0, "adapter_name"))
    if names is None or body.adapters is None:
        change_body(machine, handle, active=names)
        update_adapters(machine, handle, trainable=None, frozen_by=None, merged=None)
        machine.emit(Activated(call.node, ref.id))
        return NOTHING_KNOWN
    frozen = flag(call, 1, "inference_mode", False)
    trainable: Fact = None if frozen is None else not frozen
    adapters = tuple(
        one._replace(
            trainable=trainable if one.name in names else False,
            frozen_by=call.node if frozen is True and one.name in names else None,
            merged=False,
        )
        for one in body.adapters
    )
    change_body(machine, handle, active=names, adapters=adapters)
    machine.emit(Activated(call.node, ref.id))
    return NOTHING_KNOWN


def names_in(value: Value | None) -> tuple[str, ...] | None:
    """Return a name or a list of names, None where the text does not say them all."""
    parts = value.items if isinstance(value, Items) and value.exact else (value,)
    names = [literal(one) for one in parts]
    texts = tuple(name for name in names if isinstance(name, str))
    return texts if len(texts) == len(names) else None


@method(Handle, "delete_adapter", "delete_adapters")
def delete_adapter(call: Call) -> Value:
    """Model removing adapters by name; another one becomes active if none is left that is."""
    machine = call.machine
    ref, handle, body = receiver_of(call)
    names = names_in(call.get(0, "adapter_name"))
    if names is None:
        machine.escape(ref)
        return NOTHING_KNOWN
    if body.adapters is None:
        change_body(machine, handle, active=None)
        return NOTHING_KNOWN
    adapters = tuple(one for one in body.adapters if one.name not in names)
    left = body._replace(adapters=adapters)
    if body.active is None:
        left = left.activated(None)
    elif not set(names).isdisjoint(body.active):
        active = tuple(name for name in body.active if name not in names)
        # Those that were active with it, else the first by name (tuners_utils.py).
        first = tuple(sorted(one.name for one in adapters)[:1])
        left = left.activated(active or first)
    machine.world.put(handle.body, left)
    return NOTHING_KNOWN


@method(Handle, "disable_adapter")
def disable_adapter(call: Call) -> Value:
    """Model `disable_adapter()`, which acts in a `with` block, and takes out what is merged."""
    ref, handle, body = receiver_of(call)
    if any(one.merged for one in body.adapters or ()):
        update_adapters(call.machine, handle, merged=None)
    statement = call.machine.statement
    if isinstance(statement, ast.Expr) and statement.value is call.node:
        call.machine.emit(NoOp(call.node, ref.id, "disable_adapter"))
    return ContextManager("disable_adapter", ref)


@unknown_method("enter_context")
def enter_context(call: Call) -> Value:
    """Model a stack that enters `disable_adapter()`: when it leaves it again is not followed."""
    manager = call.get(0, "cm")
    handle = None
    if isinstance(manager, ContextManager):
        handle = call.machine.world.handle(manager.ref)
    if handle is not None:
        body = call.machine.world.body(handle)
        call.machine.world.put(handle.body, body.switched(None))
    return result_of(call.machine, NOTHING_KNOWN, call)


@method(Handle, "active_adapter=")
def set_active_adapter(call: Call) -> Value:
    """Model `model.active_adapter = name`: of effect on prompt learning only (N5)."""
    machine = call.machine
    ref, handle, body = receiver_of(call)
    if any(one.in_place is not True for one in body.adapters or ()):
        change_body(machine, handle, active=None)
    elif machine.statement is not None:
        machine.emit(NoOp(machine.statement, ref.id, "active_adapter", call.args[0]))
    return NOTHING_KNOWN


@method(Handle, "disable_adapter_layers", "disable_adapters")
def disable_adapter_layers(call: Call) -> Value:
    """Model switching all adapters off."""
    _, handle, body = receiver_of(call)
    call.machine.world.put(handle.body, body.switched(False))
    return NOTHING_KNOWN


@method(Handle, "enable_adapter_layers", "enable_adapters")
def enable_adapter_layers(call: Call) -> Value:
    """Model switching the active adapters on, which also makes them trainable (A6)."""
    _, handle, body = receiver_of(call)
    call.machine.world.put(handle.body, body.switched(True))
    return NOTHING_KNOWN


@method(Handle, "merge_adapter")
def merge_adapter(call: Call) -> Value:
    """Model merging the active adapters in place; their dropout no longer acts (A9)."""
    machine = call.machine
    ref, handle, body = receiver_of(call)
    given = call.get(0, "adapter_names")
    if is_given(given):
        update_adapters(machine, handle, merged=None)
    elif body.adapters is not None:
        adapters = tuple(
            one._replace(merged=None if body.active is None else one.name in body.active)
            for one in body.adapters
        )
        change_body(machine, handle, adapters=adapters)
    machine.emit(Merged(call.node, ref.id))
    return NOTHING_KNOWN


@method(Handle, "unmerge_adapter")
def unmerge_adapter(call: Call) -> Value:
    """Model taking merged adapters out again."""
    _, handle, _ = receiver_of(call)
    update_adapters(call.machine, handle, merged=False)
    return NOTHING_KNOWN


@method(Handle, "merge_and_unload", "unload")
def merge_and_unload(call: Call) -> Value:
    """Model the plain model that is left: the base part of the mode, no adapter (A7)."""
    machine = call.machine
    ref, handle, body = receiver_of(call)
    merges = spelled_method(call) == "merge_and_unload"
    if merges:
        machine.emit(Merged(call.node, ref.id))
    merged = (*body.merged, *_left_inside(call, body, merges))
    change_body(machine, handle, adapters=(), active=(), enabled=True, merged=merged)
    return plain_of(machine, ref)


def _left_inside(call: Call, body: Body, merges: bool) -> Iterator[Adapter]:
    """Yield the adapters whose weights stay in the base: what is merged now, or was before."""
    given = call.get(2, "adapter_names") if merges else None
    chosen = names_in(given) if is_given(given) else body.active
    for one in body.adapters or ():
        picked = merges and one.name in (chosen or ())
        known = any(one.node is other.node and one.paths == other.paths for other in body.merged)
        if one.in_place is True and (picked or one.merged is True) and not known:
            yield one


@method(Handle, "get_base_model")
def get_base_model(call: Call) -> Value:
    """Model `get_base_model()`: the plain model, adapters and all."""
    ref, _, _ = receiver_of(call)
    return plain_of(call.machine, ref)


@unknown_method("save_pretrained")
def save_config(call: Call) -> Value:
    """Model `model.config.save_pretrained(path)`; what else is saved so is out of view."""
    receiver = call.receiver or NOTHING_KNOWN
    match getattr(receiver, "origin", None):
        case ("config", Ref() as model):
            path = call.get(0, "save_directory")
            call.machine.emit(ConfigSaved(call.node, model.id, path))
    return calls.call_unknown(call.machine, receiver, call)


@method(Handle, "save_pretrained", "push_to_hub")
def save_pretrained(call: Call) -> Value:
    """Model saving: nothing changes."""
    ref, _, _ = receiver_of(call)
    path = call.get(0, "save_directory")
    if spelled_method(call) == "save_pretrained":
        artifacts.save(call.machine, ref, path, call.get(2, "selected_adapters"))
    call.machine.emit(Saved(call.node, ref.id, path, spelled_method(call), call.keywords))
    return NOTHING_KNOWN


# Methods of the library `adapters` 1.3 that neither PEFT nor transformers has (C10), without
# those whose names a project may well give to methods of its own.
_FOREIGN = words(
    "adapter_fusion_to adapter_summary add_adapter_fusion add_causal_lm_head "
    "add_classification_head add_dependency_parsing_head add_image_classification_head "
    "add_masked_lm_head add_multiple_choice_head add_prediction_head "
    "add_prediction_head_from_config add_qa_head add_seq2seq_lm_head add_tagging_head "
    "apply_to_adapter_layers apply_to_basemodel_childs average_adapter average_head "
    "delete_adapter_fusion eject_prefix_tuning get_fusion_regularization_loss "
    "has_parallel_adapters init_adapters load_adapter_fusion load_adapter_setup "
    "push_adapter_setup_to_hub push_adapter_to_hub reset_adapter save_adapter "
    "save_adapter_fusion save_adapter_setup save_all_adapter_fusions save_all_adapters "
    "save_all_heads set_active_adapters set_active_embeddings train_adapter train_adapter_fusion"
)


@method(Handle, *_FOREIGN)
def call_foreign(call: Call) -> Value:
    """Model a method of another library, which this model does not have."""
    ref, _, _ = receiver_of(call)
    call.machine.emit(ForeignCalled(call.node, ref.id, spelled_method(call)))
    return NOTHING_KNOWN


@attribute_of(Handle, "base_model")
def _base_model(machine: Machine, ref: Ref, state: State) -> Value:
    """Return the tuner that a PeftModel holds; of a plain model, a part of it."""
    assert isinstance(state, Handle)
    if state.kind in PEFT_MODELS and state.inner is not None:
        return Ref(state.inner)
    return Bound(ref, "base_model")


@attribute_of(Handle, "model")
def _model(machine: Machine, ref: Ref, state: State) -> Value:
    """Return the plain model inside a PeftModel or pipeline; of a plain model, a part of it."""
    assert isinstance(state, Handle)
    if state.kind is Kind.PIPELINE and state.inner is not None:
        return Ref(state.inner)
    if state.kind in PEFT_PARTS:
        return plain_of(machine, ref)
    return Bound(ref, "model")


@attribute_of(Handle, "module", "_orig_mod")
def _module(machine: Machine, ref: Ref, state: State) -> Value:
    """Return the model inside a parallel wrapper, whoever made that wrapper."""
    assert isinstance(state, Handle)
    if state.kind is Kind.WRAPPER and state.inner is not None:
        return Ref(state.inner)
    return ref


@attribute_of(Handle, "config")
def _config(machine: Machine, ref: Ref, state: State) -> Value:
    return derived("config", ref)


@attribute_of(Handle, "peft_config")
def _peft_config(machine: Machine, ref: Ref, state: State) -> Value:
    return derived("peft_config", ref)


@attribute_of(Handle, "generation_config", "device", "dtype")
def _data(machine: Machine, ref: Ref, state: State) -> Value:
    return derived("data", ref)


@attribute_of(Handle, "active_adapter", "active_adapters")
def _named(machine: Machine, ref: Ref, state: State) -> Value:
    return derived("state", ref)


@attribute_of(Handle, "training")
def _training(machine: Machine, ref: Ref, state: State) -> Value:
    """Return the mode that code keeps to go back to it later."""
    assert isinstance(state, Handle)
    return derived("training", ref) if state.training is None else Literal((state.training,))
