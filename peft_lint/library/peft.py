"""What PEFT's functions and methods do to a world (facts: A1, A3-A7, A9 of the semantics)."""

from __future__ import annotations

import ast
from dataclasses import replace

from peft_lint.events import AdapterLoaded, Merged, Saved, Wrapped
from peft_lint.interpreter.calls import Call, result_of
from peft_lint.interpreter.objects import (
    Adapter,
    Body,
    Config,
    Fact,
    Handle,
    Kind,
    Weights,
)
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    ContextManager,
    Items,
    Ref,
    Symbol,
    Value,
    derived,
    literal,
)
from peft_lint.library.handles import (
    add_step,
    base_handle,
    change_body,
    config_of,
    fresh_adapter,
    receiver_of,
    set_mode,
    task_type,
    update_adapters,
    with_adapter,
)
from peft_lint.library.registry import (
    FUNCTIONS,
    RESOLVERS,
    WORDS,
    FunctionModel,
    attribute_of,
    function,
    method,
)

# PEFT's own name of an adapter that was not given one.
DEFAULT = "default"


def read_config(call: Call) -> Value:
    """Model `PeftConfig.from_pretrained(id)` and that of any config class."""
    source = call.get(0, "pretrained_model_name_or_path")
    node = call.node_of(0, "pretrained_model_name_or_path")
    name = _class_of(call)
    config = Config(
        call.node,
        None if name == "PeftConfig" else name,
        source=source if source is not None else NOTHING_KNOWN,
        source_node=node,
        complete=False,
    )
    return call.machine.world.add(config)


def _class_of(call: Call) -> str:
    """Return the class whose method a call spells, by the name it resolves to."""
    function_ = call.node.func
    if isinstance(function_, ast.Attribute):
        value = call.machine.eval(function_.value)
        if isinstance(value, Symbol):
            return value.name.rpartition(".")[2]
    return ""


def _make_config(name: str) -> FunctionModel:
    def model(call: Call) -> Value:
        fields = call.keywords
        complete = call.complete and not call.args
        return call.machine.world.add(Config(call.node, name, fields, complete))

    return model


def _resolve(name: str) -> FunctionModel | None:
    """Find the model of a name that is one of a family: config classes, Auto classes."""
    parts = name.split(".")
    if len(parts) == 2 and parts[1].endswith("Config"):
        return _make_config(parts[1])
    if len(parts) == 3:
        owner, attribute = parts[1:]
        if owner.endswith("Config") and attribute == "from_pretrained":
            return read_config
        if attribute == "from_pretrained":
            if owner.startswith("AutoPeftModel"):
                return auto_from_pretrained
            if owner.startswith(("PeftModel", "PeftMixedModel")):
                return from_pretrained
    if len(parts) == 2 and parts[1].startswith("PeftModel"):
        return construct
    return None


RESOLVERS["peft"] = _resolve
# Config classes are found by the resolver; these words make a function worth following.
WORDS.update({"LoraConfig", "PeftConfig", "PeftModel", "get_peft_model"})


def _is_config(call: Call, value: Value | None) -> bool:
    return isinstance(call.machine.world.state(value), Config)


def wrap(
    call: Call, base: Value | None, config_value: Value | None, how: str, config_node: ast.expr | None
) -> Ref:
    """Put a fresh adapter on a base and return the PeftModel around it."""
    machine = call.machine
    ref, handle, known = base_handle(call, base)
    body = machine.world.body(handle)
    config = config_of(call, config_value, config_node)
    fresh_base = known and body.adapters == () and not body.escaped
    name = call.constant(2, "adapter_name", DEFAULT) if how != "trainer" else DEFAULT
    name = name if isinstance(name, str) else DEFAULT
    adapter = fresh_adapter(name, call.node, config)
    trained_head = body.trained if handle.kind is Kind.PEFT else False
    machine.world.put(
        handle.body,
        replace(
            body,
            adapters=with_adapter(body, adapter),
            active=(name,) if handle.kind is Kind.PLAIN else None,
            enabled=True,
            trained=trained_head,
        ),
    )
    peft = Handle(
        handle.body,
        Kind.MIXED if call.constant(None, "mixed") is True else Kind.PEFT,
        call.node,
        training=True,
        inner=ref.id,
        settings=task_type(config),
    )
    result = machine.world.add(peft)
    add_step(machine, peft, call.node, _wrapping_words(adapter))
    base_node = call.node_of(0, "model")
    machine.emit(
        Wrapped(
            call.node,
            result.id,
            base=ref.id,
            config=config,
            base_node=base_node,
            config_node=config_node,
            how=how,
            fresh_base=fresh_base,
            complete=call.complete,
        )
    )
    return result


def _wrapping_words(adapter: Adapter) -> str:
    if adapter.dropout:
        return "the adapter is created here: its dropout starts in train mode"
    return "the adapter is created here, with fresh weights"


@function("peft.get_peft_model")
def get_peft_model(call: Call) -> Value:
    """Model `get_peft_model(model, peft_config)`: mixed mode, fresh weights (A7)."""
    config = call.get(1, "peft_config")
    return wrap(call, call.get(0, "model"), config, "get_peft_model", call.node_of(1, "peft_config"))


def construct(call: Call) -> Value:
    """Model `PeftModel(base, config)`: as get_peft_model."""
    config = call.get(1, "peft_config")
    return wrap(call, call.get(0, "model"), config, "PeftModel", call.node_of(1, "peft_config"))


@function("peft.inject_adapter_in_model")
def inject_adapter_in_model(call: Call) -> Value:
    """Model `inject_adapter_in_model(config, model)`: dropout live, flags kept (A7, H)."""
    return add_to_plain(
        call, call.get(1, "model"), call.get(0, "peft_config"), "inject_adapter_in_model", 0
    )


def add_to_plain(
    call: Call, base: Value | None, config_value: Value | None, how: str, position: int
) -> Value:
    """Put an active adapter into a plain model, without a wrapper around it."""
    machine = call.machine
    ref, handle, known = base_handle(call, base)
    body = machine.world.body(handle)
    name_keyword = "peft_config" if how == "inject_adapter_in_model" else "adapter_config"
    node = call.node_of(position, name_keyword)
    config = config_of(call, config_value, node)
    name = call.constant(2 if how == "inject_adapter_in_model" else 1, "adapter_name", DEFAULT)
    adapter = fresh_adapter(name if isinstance(name, str) else DEFAULT, call.node, config)
    others = with_adapter(body, adapter)
    if others is not None and how == "add_adapter":
        # transformers' own add_adapter freezes the adapters that were there (A6).
        others = tuple(one if one.name == adapter.name else replace(one, trainable=False) for one in others)
    fresh_base = known and body.adapters == () and not body.escaped
    active = (adapter.name,) if how == "add_adapter" or body.active == () else None
    machine.world.put(handle.body, replace(body, adapters=others, active=active, enabled=True))
    add_step(machine, handle, call.node, _wrapping_words(adapter))
    machine.emit(
        Wrapped(
            call.node,
            ref.id,
            base=ref.id,
            config=config,
            base_node=call.node_of(1, "model") if how == "inject_adapter_in_model" else None,
            config_node=node,
            how=how,
            fresh_base=fresh_base,
            complete=call.complete,
        )
    )
    return ref


def loaded_adapter(call: Call, name: str, trainable: Fact, training: Fact) -> Adapter:
    """Return an adapter read from a checkpoint: LoRA-like, in place, of unknown dropout."""
    return Adapter(
        name=name,
        node=call.node,
        config=None,
        weights=Weights.LOADED,
        trainable=trainable,
        training=training,
        dropout=None,
    )


def from_pretrained(call: Call) -> Value:
    """Model `PeftModel.from_pretrained(model, id)`: eval mode, unless trainable (A7)."""
    machine = call.machine
    base = call.get(0, "model")
    ref, handle, _ = base_handle(call, base)
    trainable = _flag(call, 3, "is_trainable", False)
    name = call.constant(2, "adapter_name", DEFAULT)
    name = name if isinstance(name, str) else DEFAULT
    body = machine.world.body(handle)
    # Trainable: the base keeps its own mode and the new adapter's dropout is live (M).
    mode: Fact = None if trainable is None else trainable
    adapter = loaded_adapter(call, name, trainable, mode)
    config = machine.world.state(call.get(4, "config"))
    if isinstance(config, Config) and config.source is None:
        from peft_lint.library.handles import config_dropout

        adapter = replace(adapter, dropout=config_dropout(config))
    machine.world.put(
        handle.body,
        replace(
            body,
            adapters=with_adapter(body, adapter),
            active=(name,) if handle.kind is Kind.PLAIN else None,
            enabled=True,
        ),
    )
    result = machine.world.add(
        Handle(handle.body, Kind.PEFT, call.node, training=True, inner=ref.id)
    )
    if trainable is False:
        set_mode(machine, result, False)
    elif trainable is None:
        set_mode(machine, result, None)
    words = "the trained adapter is loaded here" + (", to be trained further" if trainable else "")
    add_step(machine, machine.world.handle(result) or handle, call.node, words)
    machine.emit(AdapterLoaded(call.node, result.id))
    return result


def auto_from_pretrained(call: Call) -> Value:
    """Model `AutoPeftModelForX.from_pretrained(id)`: base and adapter at once."""
    from peft_lint.library.transformers import task_of

    machine = call.machine
    trainable = _flag(call, None, "is_trainable", False)
    name = call.constant(None, "adapter_name", DEFAULT)
    adapter = loaded_adapter(call, name if isinstance(name, str) else DEFAULT, trainable, trainable)
    class_name = _class_of(call)
    body = Body(
        node=call.node,
        model_class=class_name,
        task=task_of("AutoModel" + class_name.removeprefix("AutoPeftModel")),
        training=False,
        adapters=(adapter,),
        active=(adapter.name,),
        quantised=None,
        arguments=call.keywords,
        complete=False,
        steps=((call.node, "base and trained adapter are loaded here"),),
    )
    number = machine.world.add(body)
    base = machine.world.add(Handle(number.id, Kind.PLAIN, call.node, False))
    result = machine.world.add(
        Handle(number.id, Kind.PEFT, call.node, training=trainable, inner=base.id)
    )
    machine.emit(AdapterLoaded(call.node, result.id))
    return result


def _flag(call: Call, position: int | None, name: str, default: bool) -> Fact:
    value = call.get(position, name)
    if value is None:
        return default if call.complete else None
    constant = literal(value)
    return constant if isinstance(constant, bool) else None


@function("peft.prepare_model_for_kbit_training", "peft.prepare_model_for_int8_training")
def prepare_model_for_kbit_training(call: Call) -> Value:
    """Model the preparation of a k-bit model: every parameter frozen, modes kept (A7)."""
    ref, handle, _ = base_handle(call, call.get(0, "model"))
    update_adapters(call.machine, handle, trainable=False)
    return ref


@function("peft.set_peft_model_state_dict")
def set_peft_model_state_dict(call: Call) -> Value:
    """Model loading weights into an existing adapter: modes and gradients kept."""
    machine = call.machine
    found = machine.world.handle(call.get(0, "model"))
    if found is not None:
        update_adapters(machine, found, weights=Weights.LOADED)
        value = call.get(0, "model")
        assert isinstance(value, Ref)
        machine.emit(AdapterLoaded(call.node, value.id))
    return NOTHING_KNOWN


@function("peft.get_peft_model_state_dict", "peft.cast_mixed_precision_params", creates=False)
def untouched(call: Call) -> Value:
    """Model a function that reads a model and leaves it as it is."""
    return result_of(call.machine, NOTHING_KNOWN, call)


for _name in ("get_model_status", "get_layer_status", "load_peft_weights", "get_peft_config"):
    FUNCTIONS[f"peft.{_name}"] = untouched


# methods of a PeftModel, and of a transformers model with adapters


@method(Handle, "load_adapter")
def load_adapter(call: Call) -> Value:
    """Model `load_adapter`: PEFT's does not activate and evaluates all; transformers' does."""
    machine = call.machine
    ref, handle, body = receiver_of(call)
    plain = handle.kind is Kind.PLAIN
    name = call.constant(None if plain else 1, "adapter_name", DEFAULT if plain else None)
    trainable = _flag(call, None if plain else 2, "is_trainable", False)
    if not isinstance(name, str):
        machine.escape(ref)
        machine.emit(AdapterLoaded(call.node, ref.id))
        return NOTHING_KNOWN
    existing = body.adapter(name)
    adapter = loaded_adapter(call, name, trainable, True)
    if existing is not None:
        # Weights into an existing adapter: its dropout and gradients stay what they were.
        keeps = trainable if body.active is None or name not in body.active else None
        adapter = replace(
            existing,
            weights=Weights.LOADED,
            training=existing.training,
            trainable=existing.trainable if keeps is False else None,
        )
    changes: dict[str, object] = {"adapters": with_adapter(body, adapter)}
    if plain:
        changes |= {"active": (name,), "enabled": True}
    change_body(machine, handle, **changes)
    old_transformers = plain and not _evaluates(call)
    if trainable is False and not old_transformers:
        set_mode(machine, ref, False)
    elif trainable is None:
        set_mode(machine, ref, None)
    if not plain and existing is None and not machine.target.at_least("peft", "0.21"):
        # 0.18-0.20 freeze every adapter; before, the active one becomes trainable (A6).
        update_adapters(machine, handle, trainable=None)
    add_step(machine, handle, call.node, f"trained weights are loaded into adapter {name!r} here")
    machine.emit(AdapterLoaded(call.node, ref.id))
    return NOTHING_KNOWN


def _evaluates(call: Call) -> bool:
    """Return whether transformers' own load_adapter ends in eval mode (A7)."""
    target = call.machine.target
    if target.at_least("transformers", "5.4"):
        return True
    return target.at_least("transformers", "4.47") and not target.at_least("transformers", "5.0")


@method(Handle, "add_adapter")
def add_adapter(call: Call) -> Value:
    """Model `add_adapter`: PEFT's `(name, config)` or transformers' `(config, name)`."""
    machine = call.machine
    ref, handle, body = receiver_of(call)
    if handle.kind is Kind.PLAIN:
        return add_to_plain(call, ref, call.get(0, "adapter_config"), "add_adapter", 0)
    name = call.constant(0, "adapter_name")
    config = config_of(call, call.get(1, "peft_config"), None)
    if not isinstance(name, str):
        machine.escape(ref)
        return NOTHING_KNOWN
    adapter = replace(fresh_adapter(name, call.node, config), trainable=False)
    change_body(machine, handle, adapters=with_adapter(body, adapter))
    return NOTHING_KNOWN


@method(Handle, "add_weighted_adapter")
def add_weighted_adapter(call: Call) -> Value:
    """Model a mix of adapters: a new one, not active, its dropout live (A7)."""
    machine = call.machine
    ref, handle, body = receiver_of(call)
    name = call.constant(2, "adapter_name")
    if not isinstance(name, str):
        machine.escape(ref)
        return NOTHING_KNOWN
    adapter = replace(loaded_adapter(call, name, None, True), weights=Weights.UNKNOWN)
    change_body(machine, handle, adapters=with_adapter(body, adapter))
    return NOTHING_KNOWN


@method(Handle, "set_adapter")
def set_adapter(call: Call) -> Value:
    """Model `set_adapter(name)`: active, and trainable from then on (A6)."""
    machine = call.machine
    ref, handle, body = receiver_of(call)
    value = call.get(0, "adapter_name")
    names: list[object]
    if isinstance(value, Items) and value.exact:
        names = [literal(one) for one in value.items]
    else:
        names = [literal(value)]
    texts = tuple(name for name in names if isinstance(name, str))
    if len(texts) != len(names):
        change_body(machine, handle, active=None)
        update_adapters(machine, handle, trainable=None)
        return NOTHING_KNOWN
    freezes = _flag(call, None, "inference_mode", False)
    trainable: Fact = None if freezes is None else not freezes
    adapters = body.adapters
    if adapters is not None:
        adapters = tuple(
            replace(one, trainable=trainable if one.name in texts else False) for one in adapters
        )
    change_body(machine, handle, active=texts, adapters=adapters)
    return NOTHING_KNOWN


@method(Handle, "delete_adapter", "delete_adapters")
def delete_adapter(call: Call) -> Value:
    """Model removing an adapter by name."""
    machine = call.machine
    _, handle, body = receiver_of(call)
    name = call.constant(0, "adapter_name")
    adapters = body.adapters
    if adapters is not None:
        adapters = tuple(one for one in adapters if one.name != name)
    in_use = body.active is None or name in body.active
    change_body(machine, handle, adapters=adapters, active=None if in_use else body.active)
    if in_use:
        update_adapters(machine, handle, trainable=None)
    return NOTHING_KNOWN


@method(Handle, "disable_adapter")
def disable_adapter(call: Call) -> Value:
    """Model `disable_adapter()`, which acts in a `with` block only."""
    assert isinstance(call.receiver, Ref)
    return ContextManager("disable_adapter", call.receiver)


@method(Handle, "disable_adapter_layers", "disable_adapters")
def disable_adapter_layers(call: Call) -> Value:
    """Model switching all adapters off."""
    _, handle, _ = receiver_of(call)
    change_body(call.machine, handle, enabled=False)
    update_adapters(call.machine, handle, trainable=None)
    return NOTHING_KNOWN


@method(Handle, "enable_adapter_layers", "enable_adapters")
def enable_adapter_layers(call: Call) -> Value:
    """Model switching the active adapters on, which also makes them trainable (A6)."""
    _, handle, _ = receiver_of(call)
    change_body(call.machine, handle, enabled=True)
    update_adapters(call.machine, handle, trainable=None)
    return NOTHING_KNOWN


@method(Handle, "merge_adapter")
def merge_adapter(call: Call) -> Value:
    """Model merging the active adapters in place; their dropout no longer acts."""
    machine = call.machine
    _, handle, body = receiver_of(call)
    if body.adapters is not None:
        merged = True if body.active is not None and not call.values() else None
        adapters = tuple(
            replace(one, merged=merged if body.active and one.name in body.active else one.merged)
            for one in body.adapters
        )
        change_body(machine, handle, adapters=adapters)
    assert isinstance(call.receiver, Ref)
    machine.emit(Merged(call.node, call.receiver.id))
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
    function_ = call.node.func
    merges = isinstance(function_, ast.Attribute) and function_.attr == "merge_and_unload"
    if merges:
        machine.emit(Merged(call.node, ref.id))
    change_body(machine, handle, adapters=(), active=(), enabled=True)
    inner = _plain_of(machine.world.heap, handle)
    if inner is not None:
        return Ref(inner)
    return machine.world.add(
        Handle(handle.body, Kind.PLAIN, call.node, body.training)
    )


def _plain_of(heap: dict[int, object], handle: Handle) -> int | None:
    """Return the id of the plain handle inside wrappers."""
    number = handle.inner
    while number is not None:
        state = heap.get(number)
        if not isinstance(state, Handle):
            return None
        if state.kind is Kind.PLAIN:
            return number
        number = state.inner
    return None


@method(Handle, "get_base_model")
def get_base_model(call: Call) -> Value:
    """Model `get_base_model()`: the plain model, adapters and all."""
    assert isinstance(call.receiver, Ref)
    return base_of(call, call.receiver)


def base_of(call: Call, ref: Ref) -> Value:
    """Return the plain handle that a PeftModel wraps."""
    handle = call.machine.world.heap[ref.id]
    assert isinstance(handle, Handle)
    inner = _plain_of(call.machine.world.heap, handle)
    return ref if inner is None else Ref(inner)


@method(Handle, "save_pretrained", "push_to_hub")
def save_pretrained(call: Call) -> Value:
    """Model saving: nothing changes."""
    assert isinstance(call.receiver, Ref)
    function_ = call.node.func
    how = function_.attr if isinstance(function_, ast.Attribute) else "save_pretrained"
    call.machine.emit(Saved(call.node, call.receiver.id, call.get(0, "save_directory"), how))
    return NOTHING_KNOWN


@attribute_of(Handle, "base_model", "model", "module")
def _inner_model(machine: object, ref: Ref, state: object) -> Value:
    from peft_lint.interpreter.machine import Machine

    assert isinstance(state, Handle) and isinstance(machine, Machine)
    if state.kind in (Kind.PLAIN, Kind.PIPELINE):
        # A part of a plain model shares its body, but a flag of its own is not known.
        return machine.world.add(Handle(state.body, Kind.TUNER, state.node, None, ref.id))
    if state.inner is not None:
        return Ref(state.inner)
    return ref


@attribute_of(Handle, "peft_config", "config", "generation_config", "device", "dtype")
def _data(machine: object, ref: Ref, state: object) -> Value:
    return derived("data", ref)


@attribute_of(Handle, "active_adapter", "active_adapters", "training")
def _named(machine: object, ref: Ref, state: object) -> Value:
    return derived("state", ref)

