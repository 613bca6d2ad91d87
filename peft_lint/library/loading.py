"""Trained adapters from a path: which modes, gradients and activations result (A4-A7)."""

from __future__ import annotations

from peft_lint import knowledge
from peft_lint.events import AdapterLoaded, Constructed, Enclosed
from peft_lint.interpreter.objects import Body, Config, Fact, Handle, Kind, Weights, uncertain
from peft_lint.interpreter.values import NOTHING_KNOWN, Literal, Ref, Unknown, Value
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.artifacts import find, loaded_adapter
from peft_lint.library.configs import DEFAULT, dropout, in_place
from peft_lint.library.handles import (
    add_step,
    base_handle,
    change_body,
    flag,
    native_evaluates,
    new_model,
    receiver_of,
    set_mode,
    swapped,
    text,
    update_adapters,
    with_adapter,
)
from peft_lint.library.registry import function, method
from peft_lint.library.transformers import dropout_of_base, quantised, task_of
from peft_lint.library.wrapping import enclose, task_of_class, wrap_in

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call


def from_pretrained(call: Call, class_name: str) -> Value:
    """Model `PeftModel.from_pretrained(model, id)`: eval mode, unless trainable (A7)."""
    machine = call.machine
    if swapped(call, f"{class_name}.from_pretrained", str, Handle):
        return NOTHING_KNOWN
    ref, handle, _ = base_handle(call, call.get(0, "model"))
    trainable = flag(call, 3, "is_trainable", False)
    name = text(call, 2, "adapter_name", DEFAULT)
    body = machine.world.body(handle)
    adapter = loaded_adapter(call, name, call.get(1, "model_id"), trainable, True)
    config = machine.world.state(call.get(4, "config"))
    if isinstance(config, Config):
        adapter = adapter._replace(dropout=dropout(config), in_place=in_place(config) is not False)
    change_body(
        machine,
        handle,
        adapters=with_adapter(body, adapter),
        active=(name,) if handle.kind is Kind.PLAIN else None,
        enabled=True,
        others=False,
        # What the adapter saved beside itself, a head for instance, is trained as well.
        trained=None if body.trained is False else body.trained,
    )
    kind = Kind.MIXED if class_name == "PeftMixedModel" else Kind.PEFT
    result = enclose(call, ref, adapter, kind)
    _evaluate(call, result, trainable)
    words = "the trained adapter is loaded here" + (", to be trained further" if trainable else "")
    add_step(machine, handle, call.node, words)
    how = f"{class_name}.from_pretrained"
    source, source_node = call.get(1, "model_id"), call.node_of(1, "model_id")
    machine.emit(AdapterLoaded(call.node, result.id, how, call.keywords, source, source_node))
    machine.emit(
        Enclosed(
            call.node,
            result.id,
            base=ref.id,
            base_node=call.node_of(0, "model"),
            before=body,
            how=how,
            source=source,
            source_node=source_node,
        )
    )
    return result


def auto_from_pretrained(call: Call, class_name: str) -> Value:
    """Model `AutoPeftModelForX.from_pretrained(id)`: base and adapter at once."""
    trainable = flag(call, 2, "is_trainable", False)
    path = call.get(0, "pretrained_model_name_or_path")
    name = text(call, 1, "adapter_name", DEFAULT)
    adapter = loaded_adapter(call, name, path, trainable, True)
    found = find(call, path)
    family = knowledge.family(found.base) if found is not None and found.base else None
    task = task_of("AutoModel" + class_name.removeprefix("AutoPeftModel"))
    body = Body(
        node=call.node,
        model_class=class_name,
        family=family,
        task=task,
        training=False,
        dropout=dropout_of_base(call, family, task),
        adapters=(adapter,),
        active=(adapter.name,),
        others=False,
        quantised=quantised(call) or None,
        arguments=call.keywords,
        complete=False,
        steps=((call.node, "base and trained adapter are loaded here"),),
    )
    base = new_model(call.machine, body, False)
    # It refuses an adapter of another task; with none, its own PeftModel class is taken (B5).
    made_for = task_of_class(class_name, "AutoPeftModelFor")
    result = enclose(call, base, adapter, Kind.PEFT, made_for)
    _evaluate(call, result, trainable)
    how = f"{class_name}.from_pretrained"
    source_node = call.node_of(0, "pretrained_model_name_or_path")
    call.machine.emit(AdapterLoaded(call.node, result.id, how, call.keywords, path, source_node))
    return result


def construct(call: Call, class_name: str) -> Value:
    """Model `PeftModel(base, config)` and its subclasses; a path there is no config."""
    config = call.get(1, "peft_config")
    if not _is_text(call.get(None, "model_id") if config is None else config):
        return wrap_in(call, class_name)
    return _raise(call, from_pretrained(call, class_name), class_name)


def auto_construct(call: Call, class_name: str) -> Value:
    """Model `AutoPeftModelForX(id)`, which always raises."""
    return _raise(call, auto_from_pretrained(call, class_name), class_name)


def _raise(call: Call, result: Value, class_name: str) -> Value:
    """Go on with the model that was meant, of which nothing else is claimed: this raises."""
    assert isinstance(result, Ref)
    call.machine.escape(result)
    call.machine.emit(Constructed(call.node, result.id, class_name))
    return result


def _is_text(value: Value | None) -> bool:
    """Return whether a value is surely a string."""
    if isinstance(value, Literal):
        return all(isinstance(one, str) for one in value.values)
    origin = value.origin if isinstance(value, Unknown) else None
    return isinstance(origin, tuple) and origin[0] == "text"


def _evaluate(call: Call, ref: Ref, trainable: Fact) -> None:
    """Do what PEFT does after it has loaded an adapter: `eval()`, unless it is to be trained.

    Releases before 0.3 never did, and 0.3 did in every case (A7).
    """
    target = call.machine.target
    if not target.at_least("peft", "0.3"):
        return
    if not target.at_least("peft", "0.4"):
        trainable = False
    if trainable is not True:
        set_mode(call.machine, ref, trainable)


@method(Handle, "load_adapter")
def load_adapter(call: Call) -> Value:
    """Model `load_adapter`: PEFT's activates nothing, transformers' the new one (A6)."""
    ref, handle, body = receiver_of(call)
    plain = handle.kind is Kind.PLAIN
    name = call.constant(1, "adapter_name", DEFAULT if plain else None)
    if not isinstance(name, str):
        _load_unnamed(call, ref, handle, body)
    elif plain:
        _load_native(call, ref, handle, body, name)
    else:
        _load_named(call, ref, handle, body, name)
    path = "peft_model_id" if plain else "model_id"
    where = (call.get(0, path), call.node_of(0, path))
    call.machine.emit(AdapterLoaded(call.node, ref.id, "load_adapter", call.keywords, *where))
    return NOTHING_KNOWN


def _load_unnamed(call: Call, ref: Ref, handle: Handle, body: Body) -> None:
    """Model a load under a name that is not known: any adapter may be another one now."""
    world = call.machine.world
    world.put(ref.id, handle._replace(training=None))
    world.put(handle.body, uncertain(body)._replace(escaped=body.escaped))


def _load_named(call: Call, ref: Ref, handle: Handle, body: Body, name: str) -> None:
    """Model PEFT's own: not active, and everything in eval mode unless it is to be trained."""
    machine = call.machine
    trainable = flag(call, 2, "is_trainable", False)
    existing = body.adapter(name)
    adapter = loaded_adapter(call, name, call.get(0, "model_id"), trainable, True)
    if existing is not None:
        # Weights into an existing adapter: its dropout stays, and gradients mostly do.
        stays = trainable is False and body.active is not None and name not in body.active
        kept = existing.trainable if stays else None
        frozen_by = existing.frozen_by if stays else None
        adapter = existing._replace(
            weights=adapter.weights, trainable=kept, frozen_by=frozen_by, paths=adapter.paths
        )
    # Loading takes merged adapters out again (A9).
    update_adapters(machine, handle, merged=False)
    now = machine.world.body(handle)
    trained = None if now.trained is False else now.trained
    change_body(machine, handle, adapters=with_adapter(now, adapter), trained=trained)
    _evaluate(call, ref, trainable)
    if existing is None:
        _change_gradients(call, handle, body.active)
    add_step(machine, handle, call.node, f"trained weights are loaded into adapter {name!r} here")


def _change_gradients(call: Call, handle: Handle, active: tuple[str, ...] | None) -> None:
    """Do what older releases did to gradients when they loaded an adapter (A6)."""
    machine = call.machine
    if machine.target.at_least("peft", "0.21"):
        return
    if machine.target.at_least("peft", "0.18"):
        _freeze_others(call, handle)
    elif active is None:
        update_adapters(machine, handle, trainable=None)
    else:
        adapters = machine.world.body(handle).adapters or ()
        trainable = tuple(
            one._replace(trainable=True) if one.name in active else one for one in adapters
        )
        change_body(machine, handle, adapters=trainable)


def _freeze_others(call: Call, handle: Handle) -> None:
    """Freeze what the load of another adapter freezes; what was frozen before stays as it was."""
    adapters = call.machine.world.body(handle).adapters
    if adapters is None:
        return
    frozen = tuple(
        one if one.trainable is False else one._replace(trainable=False, frozen_by=call.node)
        for one in adapters
    )
    change_body(call.machine, handle, adapters=frozen)


def _load_native(call: Call, ref: Ref, handle: Handle, body: Body, name: str) -> None:
    """Model transformers' own: the new one is active, all in eval mode since 4.47 (A7)."""
    machine = call.machine
    trainable = flag(call, 5, "is_trainable", False)
    path = call.get(0, "peft_model_id")
    adapter = loaded_adapter(call, name, path, trainable, True)._replace(native=True)
    adapters = with_adapter(body, adapter)
    change_body(machine, handle, adapters=adapters, active=(name,), enabled=True, others=False)
    if trainable is not True and native_evaluates(machine):
        set_mode(machine, ref, trainable)
    if trainable is False and body.adapters and machine.target.at_least("transformers", "5.4"):
        # It freezes every layer that PEFT has made, whichever adapter it is for (A6).
        _freeze_others(call, handle)
    add_step(machine, handle, call.node, f"trained weights are loaded into adapter {name!r} here")


@function("peft.set_peft_model_state_dict")
def set_peft_model_state_dict(call: Call) -> Value:
    """Model loading weights into the existing adapters: modes and gradients kept."""
    return _weights_from(call, "set_peft_model_state_dict")


@function("peft.hotswap_adapter")
def hotswap_adapter(call: Call) -> Value:
    """Model `hotswap_adapter(model, path, adapter_name)`: other weights in the same adapter."""
    return _weights_from(call, "hotswap_adapter")


def _weights_from(call: Call, how: str) -> Value:
    machine = call.machine
    name = text(call, 2, "adapter_name", DEFAULT)
    ref, handle, _ = base_handle(call, call.get(0, "model"))
    adapters = machine.world.body(handle).adapters
    if adapters is not None:
        loaded = tuple(
            one._replace(weights=Weights.LOADED, paths=())
            if one.name == name or len(adapters) == 1
            else one
            for one in adapters
        )
        change_body(machine, handle, adapters=loaded)
    machine.emit(AdapterLoaded(call.node, ref.id, how, call.keywords))
    return NOTHING_KNOWN
