"""What accelerate does to a world: prepare keeps the mode, backward trains (A7, A8)."""

from __future__ import annotations

from peft_lint.events import Accelerated, StateDictRead
from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import Body, Handle, Tool
from peft_lint.interpreter.values import NOTHING_KNOWN, Items, Ref, Value
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.handles import handle_of, load_weights, untouched
from peft_lint.library.models import weights_of
from peft_lint.library.registry import function, method, unknown_method, words
from peft_lint.library.torch import backward, save_by_hand

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine

_METHODS_THAT_KEEP = words(
    "print log wait_for_everyone end_training gather gather_for_metrics reduce "
    "init_trackers clip_grad_norm_ clip_grad_value_ autocast "
    "register_for_checkpointing free_memory pad_across_processes is_main_process "
    "unwrap_optimizer skip_first_batches accumulate get_tracker"
)


@function("accelerate.Accelerator", creates=False)
def accelerator(call: Call) -> Value:
    """Model an accelerator; its settings are kept where the call spells all of them."""
    fields = call.keywords if call.complete and not call.args else ()
    return call.machine.world.add(Tool(call.node, "accelerator", fields=fields))


@method(Tool, "prepare", "prepare_model")
def prepare(call: Call) -> Value:
    """Model `prepare`: what comes back are the same objects, in the same mode."""
    given = call.args or tuple(value for name, value in call.keywords if name == "model")
    for value in given:
        found = handle_of(call.machine, value)
        if found is not None:
            call.machine.emit(Accelerated(call.node, found[0].id))
    if len(given) == 1 and call.complete:
        return given[0]
    return Items("tuple", given, call.complete)


@unknown_method("unwrap_model")
@method(Tool, "unwrap_model")
def unwrap_model(call: Call) -> Value:
    """Model `unwrap_model`: the model inside the wrappers, also of an accelerator out of view."""
    return call.get(0, "model") or NOTHING_KNOWN


_SAME_MODEL = words("dispatch_model cpu_offload disk_offload extract_model_from_parallel")


@function("accelerate.load_checkpoint_and_dispatch", creates=False)
def load_checkpoint_and_dispatch(call: Call) -> Value:
    """Model loading weights by name into a model, which comes back."""
    value = call.get(0, "model")
    if isinstance(value, Ref):
        load_weights(call.machine, value.id, call.node)
    return value or NOTHING_KNOWN


@function(*(f"accelerate.{name}" for name in _SAME_MODEL), creates=False)
def same_model(call: Call) -> Value:
    """Model a function that returns its model, in the same mode, wherever its weights are."""
    return call.get(0, "model") or NOTHING_KNOWN


_READERS = words(
    "infer_auto_device_map init_empty_weights load_checkpoint_in_model get_balanced_memory "
    "init_on_device find_tied_parameters"
)


# They look at a model, or fill weights in, and keep its mode.
function(*(f"accelerate.{name}" for name in _READERS), creates=False)(untouched)


@method(Tool, "backward")
def accelerator_backward(call: Call) -> Value:
    """Model `accelerator.backward(loss)`."""
    loss = call.get(0, "loss")
    if loss is not None:
        backward(call.machine, call.node, loss)
    return NOTHING_KNOWN


@method(Tool, "get_state_dict")
def get_state_dict(call: Call) -> Value:
    """Model reading a model's weights."""
    found = handle_of(call.machine, call.get(0, "model"))
    if found is None:
        return result_of(call.machine, NOTHING_KNOWN, call)
    call.machine.emit(StateDictRead(call.node, found[0].id))
    return weights_of(found[0])


@method(Tool, "save_state")
def save_state(call: Call) -> Value:
    """Model `accelerator.save_state`: the weights of any prepared model are written."""
    for number in _models(call.machine):
        call.machine.emit(StateDictRead(call.node, number))
    return NOTHING_KNOWN


@method(Tool, "save", "save_model")
def save(call: Call) -> Value:
    """Model saving weights with an accelerator."""
    value = call.get(0, "obj")
    value = call.get(None, "model") if value is None else value
    return save_by_hand(call, value, call.get(1, "f"))


@method(Tool, "load_state")
def load_state(call: Call) -> Value:
    """Model `accelerator.load_state`: weights of any prepared model may come from disk."""
    for number in _models(call.machine):
        call.machine.escape(Ref(number))
    return NOTHING_KNOWN


def _models(machine: Machine) -> list[int]:
    """Return the handles of all models.

    Where worlds were joined, the heap may hold some whose body is no longer there.
    """
    heap = machine.world.heap
    handles = ((number, state) for number, state in heap.items() if isinstance(state, Handle))
    return [number for number, handle in handles if isinstance(heap.get(handle.body), Body)]


method(Tool, *_METHODS_THAT_KEEP)(untouched)
