"""What torch does to a world: gradients off, backward, wrappers, files, optimizers."""

from __future__ import annotations

import ast
from collections.abc import Collection
from functools import partial

from peft_lint.events import Compiled, ParametersTouched, Saved, StateDictRead, Trained
from peft_lint.interpreter import conditions, shares
from peft_lint.interpreter.call import Call, result_of
from peft_lint.interpreter.objects import Adapter, Handle, Kind, Weights
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    ContextManager,
    Entries,
    Items,
    Literal,
    Ref,
    Unknown,
    Value,
    contained,
    drawn_from,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.dtypes import cast_by
from peft_lint.library.handles import (
    change_body,
    handle_of,
    load_weights,
    set_requires_grad,
    spelled_method,
    update_adapters,
)
from peft_lint.library.models import weights_of
from peft_lint.library.registry import (
    LOOPS,
    PART_ASSIGNMENTS,
    UNKNOWN_ASSIGNMENTS,
    function,
    part_method,
    unknown_method,
    whole_of,
    words,
)

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine


@function("torch.no_grad", "torch.inference_mode", creates=False)
def no_grad(call: Call) -> Value:
    """Model a block without gradients; `inference_mode(False)` is none."""
    if call.constant(0, "mode", True) is False:
        return NOTHING_KNOWN
    return ContextManager("no_grad")


@function("torch.set_grad_enabled", creates=False)
def set_grad_enabled(call: Call) -> Value:
    """Model a block with gradients on or off."""
    return ContextManager("no_grad") if call.constant(0, "mode") is False else NOTHING_KNOWN


@function("torch.compile", creates=False)
def compile_(call: Call) -> Value:
    """Model a compiled model or function: flags, methods and attributes are the original's."""
    value = call.get(0, "model")
    found = handle_of(call.machine, value)
    if found is not None:
        call.machine.emit(Compiled(call.node, found[0].id))
    return value or NOTHING_KNOWN


def _parallel(call: Call, class_name: str) -> Value:
    """Model a parallel wrapper, whose own flag starts in train mode (A7)."""
    machine = call.machine
    found = handle_of(machine, call.get(0, "module"))
    if found is None:
        return result_of(machine, NOTHING_KNOWN, call)
    ref, handle = found
    of = Literal((class_name,))
    return machine.world.add(Handle(handle.body, Kind.WRAPPER, call.node, True, ref.id, of))


for _name in ("DataParallel", "DistributedDataParallel", "FullyShardedDataParallel"):
    function(f"torch.{_name}")(partial(_parallel, class_name=f"torch.{_name}"))


@function("torch.save", "pickle.dump", "joblib.dump", creates=False)
def save(call: Call) -> Value:
    """Model saving a model or a state dict of one by hand."""
    return save_by_hand(call, call.get(0, "obj"), call.get(1, "f"))


@function("safetensors.save_file", "safetensors.save_model", creates=False)
def save_file(call: Call) -> Value:
    """Model saving tensors, or a model's, with safetensors."""
    value = call.get(0, "tensors")
    value = call.get(None, "model") if value is None else value
    return save_by_hand(call, value, call.get(1, "filename"))


def save_by_hand(call: Call, value: Value | None, path: Value | None) -> Value:
    """Tell that a model or its weights go into a file; what it answered may hold them too."""
    machine = call.machine
    saved, touched = _models_in(value)
    for number in sorted(saved | touched):
        if isinstance(machine.world.heap.get(number), Handle):
            if number in saved:
                machine.emit(Saved(call.node, number, path, "torch.save", weights=value))
            machine.emit(ParametersTouched(call.node, number))
    return NOTHING_KNOWN


def _models_in(value: Value | None) -> tuple[set[int], set[int]]:
    """Return the models that a value is or has the weights of, and those it was made with."""
    if isinstance(value, (Items, Entries)):
        items = value.items if isinstance(value, Items) else [one for _, one in value.items]
        parts = [_models_in(item) for item in items]
        return set().union(*(one for one, _ in parts)), set().union(*(two for _, two in parts))
    if isinstance(value, Unknown):
        number = drawn_from(value)
        return set() if number is None else {number}, set(value.handles)
    return set(contained(value)) if value is not None else set(), set()


def backward(machine: Machine, node: ast.Call, loss: Value) -> None:
    """Model `loss.backward()`: the models that the loss came from are being trained."""
    if not isinstance(loss, Unknown):
        return
    for number in sorted(loss.handles):
        handle = machine.world.heap.get(number)
        if isinstance(handle, Handle):
            train_body(machine, handle)
            machine.emit(Trained(node, number, "backward", own_loss=_is_returned(loss)))


def _is_returned(loss: Unknown) -> bool:
    """Return whether a loss is what a model gave as such, or a fraction of it."""
    origin = loss.origin
    while isinstance(origin, tuple) and origin[0] == "Div":
        origin = origin[1]
    if not isinstance(origin, tuple) or not isinstance(origin[1], tuple) or origin[1][0] != "here":
        return False
    return origin[0] == "item" or origin[::2] == ("attribute", "loss")


def train_body(machine: Machine, handle: Handle) -> None:
    """Change what a training step changes: weights of the adapters that can be trained."""
    body = machine.world.body(handle)
    adapters = body.adapters
    if adapters is not None:
        adapters = tuple(_trained(one) for one in adapters)
    machine.world.put(handle.body, body._replace(adapters=adapters, trained=True, mode_call=None))


def _trained(adapter: Adapter) -> Adapter:
    if adapter.trainable is False:
        return adapter
    weights = Weights.TRAINED if adapter.trainable else Weights.UNKNOWN
    return adapter._replace(weights=weights)


@unknown_method("backward")
def loss_backward(call: Call) -> Value:
    """Model `loss.backward()`, and `engine.backward(loss)` of an engine out of view."""
    for value in (call.receiver, *call.values()):
        if value is not None:
            backward(call.machine, call.node, value)
    return NOTHING_KNOWN


@unknown_method("requires_grad_")
def parameter_requires_grad_(call: Call) -> Value:
    """Model freezing or unfreezing one parameter."""
    for given in call.values():
        # `torch.nn.Module.requires_grad_(model, True)`
        call.machine.escape(given)
    if isinstance(call.receiver, Unknown):
        value = call.get(0, "requires_grad")
        on = Literal((True,)) if value is None else value
        _requires_grad_set(call.machine, call.receiver, on, call.node)
    return call.receiver or NOTHING_KNOWN


@unknown_method("train", "eval")
def module_mode(call: Call) -> Value:
    """Model a mode set on one module of those that a model was asked for."""
    machine, module = call.machine, call.receiver
    if isinstance(module, Unknown) and drawn_from(module) is not None:
        _forget_modes(machine, module)
        return module
    for value in call.values():
        machine.escape(value)
    return result_of(machine, module or NOTHING_KNOWN, call)


@function("torch.Module.train", "torch.Module.eval", creates=False)
def unbound_mode(call: Call) -> Value:
    """Model `torch.nn.Module.eval(model)`, rare enough to be left unknown."""
    for value in call.values():
        call.machine.escape(value)
    return NOTHING_KNOWN


@part_method("requires_grad_", "reset_parameters")
def part_changed(call: Call) -> Value:
    """Model a change of one module of a model by hand: a head, an encoder."""
    if isinstance(call.receiver, Ref):
        touch_parameters(call.machine, call.node, call.receiver.id)
    return Bound(call.receiver or NOTHING_KNOWN, spelled_method(call))


@part_method("load_state_dict", "copy_")
def part_filled(call: Call) -> Value:
    """Model new weights for one module of a model: a head, a layer of the adapter."""
    if isinstance(call.receiver, Ref):
        load_weights(call.machine, call.receiver.id, call.node)
    return part_changed(call)


@unknown_method("copy_", "set_", "add_", "normal_", "uniform_")
def tensor_filled(call: Call) -> Value:
    """Model new values in place for a tensor, which may be a parameter of a model."""
    _fill(call.machine, call.receiver, call.node)
    for value in call.values():
        call.machine.escape(value)
    return call.receiver or NOTHING_KNOWN


_INITIALISERS = words(
    "normal_ uniform_ constant_ ones_ zeros_ eye_ orthogonal_ trunc_normal_ "
    "xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_"
)


@function(*(f"torch.{name}" for name in _INITIALISERS), creates=False)
def initialise(call: Call) -> Value:
    """Model `torch.nn.init.normal_(parameter)`."""
    tensor = call.get(0, "tensor")
    _fill(call.machine, tensor, call.node)
    return tensor or NOTHING_KNOWN


def _fill(machine: Machine, tensor: Value | None, node: ast.expr) -> None:
    """Give new values to a tensor: a parameter that was drawn from a model, or is a part of it."""
    number = drawn_from(tensor)
    if number is None and isinstance(tensor, Bound):
        whole = whole_of(tensor)
        number = whole.id if isinstance(whole, Ref) else None
    if number is not None:
        load_weights(machine, number, node)


@part_method("parameters", "named_parameters", "modules", "named_modules")
def part_parameters(call: Call) -> Value:
    """Model going through the parameters of one module of a model."""
    number = call.receiver.id if isinstance(call.receiver, Ref) else 0
    return Unknown(("part", ("parameters", number)), depth=1)


@part_method("train", "eval")
def part_mode(call: Call) -> Value:
    """Model a change of mode of one module only: the base is in no one mode any more."""
    handle = call.machine.world.handle(call.receiver)
    if handle is not None:
        change_body(call.machine, handle, training=None)
        update_adapters(call.machine, handle, training=None)
    return Bound(call.receiver or NOTHING_KNOWN, spelled_method(call))


@part_method("to")
def part_to(call: Call) -> Value:
    """Model moving one module of a model, or casting it."""
    handle = call.machine.world.handle(call.receiver)
    if handle is not None and cast_by(call, "to") is not None:
        change_body(call.machine, handle, cast=(call.node, None))
    return part_read(call)


@part_method("state_dict", "save_pretrained", "size", "numel", "register_forward_hook")
def part_read(call: Call) -> Value:
    """Model reading one module of a model."""
    result = call.machine.fresh(call.node)
    handles = frozenset({call.receiver.id}) if isinstance(call.receiver, Ref) else frozenset()
    return Unknown(result.origin, handles, 1)


def _requires_grad_set(machine: Machine, owner: Unknown, value: Value, target: ast.expr) -> None:
    """Model `parameter.requires_grad = …`: of one, or in a loop of all that it stands for."""
    share = shares.of_parameter(owner.origin)
    number = drawn_from(owner)
    if share is None:
        if number is not None:
            touch_parameters(machine, target, number)
        return
    world = machine.world
    on = conditions.known_truth(machine, value, world)
    shares.set_gradient(world, share, shares.Gradient(on, target if on is False else None))
    machine.emit(
        ParametersTouched(
            target, share.model, on if shares.are_all(world, share.model, on) else None
        )
    )


UNKNOWN_ASSIGNMENTS["requires_grad"] = _requires_grad_set


def _module_changed(machine: Machine, owner: Unknown, value: Value, target: ast.expr) -> None:
    _forget_modes(machine, owner)


def _weights_assigned(machine: Machine, owner: Unknown, value: Value, target: ast.expr) -> None:
    """Model `parameter.data = …` and `layer.weight = …` of what was drawn from a model."""
    _fill(machine, owner, target)


def _part_filled(machine: Machine, target: ast.expr, number: int) -> None:
    """Model `model.head.weight = …`, new weights of one module of a model."""
    load_weights(machine, number, target)
    touch_parameters(machine, target, number)


for _name in ("data", "weight"):
    UNKNOWN_ASSIGNMENTS[_name] = _weights_assigned
    PART_ASSIGNMENTS[_name] = _part_filled


# `module.p = 0.0` switches a dropout off whatever its mode; so does `module.training = False`.
for _name in ("training", "p"):
    UNKNOWN_ASSIGNMENTS[_name] = _module_changed


# How a loop puts other modules, such as the layers inside of adapters, into their parents.
_REPLACES = frozenset({"setattr", "_modules", "set_submodule", "add_module", "register_module"})

# What a loop does with PEFT's own layers: it switches, scales or merges the adapters by itself.
_WORKS_ON_LAYERS = frozenset(
    "enable_adapters _disable_adapters set_adapter scaling set_scale scale_layer unscale_layer "
    "merge unmerge".split()
)

# How a loop changes the dtype of what it goes through.
_CASTS = frozenset({"data", "to", "type", "float", "half", "bfloat16", "double", "set_"})


def _loop_over_modules(machine: Machine, iterable: Value, words: Collection[str]) -> None:
    """Model a loop that sets modes or weights, picked by their kind or their name."""
    number = drawn_from(iterable)
    if number is None or not isinstance(iterable, Unknown):
        return
    goes_through_modules = iterable.origin != ("parameters", number)
    if goes_through_modules and not {"eval", "train", "training", "p"}.isdisjoint(words):
        _forget_modes(machine, iterable)
    if goes_through_modules and not (_REPLACES | _WORKS_ON_LAYERS).isdisjoint(words):
        machine.escape(Ref(number))
    handle = machine.world.heap.get(number)
    if not _CASTS.isdisjoint(words) and isinstance(handle, Handle) and machine.statement:
        # `parameter.data = parameter.data.float()`, `module.to(torch.float32)`: of some of them.
        change_body(machine, handle, cast=(machine.statement, None))
    if not {"copy_", "data", "init"}.isdisjoint(words) and machine.statement is not None:
        # `parameter.copy_(saved[name])`, `parameter.data = …`, `torch.nn.init.normal_(…)`.
        load_weights(machine, number, machine.statement)


@function("torch.vector_to_parameters", creates=False)
def vector_to_parameters(call: Call) -> Value:
    """Model `torch.nn.utils.vector_to_parameters(vector, model.parameters())`."""
    value = call.get(1, "parameters")
    number = drawn_from(value)
    if number is not None:
        load_weights(call.machine, number, call.node)
    return NOTHING_KNOWN


@function("torch.get_model_state_dict", "torch.get_state_dict", creates=False)
def get_model_state_dict(call: Call) -> Value:
    """Model torch.distributed's way to ask a model for its weights."""
    found = handle_of(call.machine, call.get(0, "model"))
    if found is None:
        return result_of(call.machine, NOTHING_KNOWN, call)
    call.machine.emit(StateDictRead(call.node, found[0].id))
    return weights_of(found[0])


@function("safetensors.load_model", creates=False)
def load_model(call: Call) -> Value:
    """Model `safetensors.torch.load_model(model, file)`."""
    model = call.get(0, "model")
    if isinstance(model, Ref):
        load_weights(call.machine, model.id, call.node)
    return NOTHING_KNOWN


LOOPS.append(_loop_over_modules)


def _forget_modes(machine: Machine, module: Unknown) -> None:
    """Forget the modes of the model that a module was drawn from: it is in no one mode."""
    number = drawn_from(module)
    handle = machine.world.heap.get(number) if number is not None else None
    if isinstance(handle, Handle):
        change_body(machine, handle, training=None)
        update_adapters(machine, handle, training=None)


def touch_parameters(machine: Machine, node: ast.expr | ast.stmt, number: int) -> None:
    """Tell that the code froze, unfroze or changed some parameters of a handle itself."""
    handle = machine.world.heap.get(number)
    if isinstance(handle, Handle):
        set_requires_grad(machine, handle, None, node)
        machine.emit(ParametersTouched(node, number))


PART_ASSIGNMENTS["requires_grad"] = touch_parameters
