"""What accelerate does to a world: prepare keeps the mode, backward trains (A7, A8)."""

from __future__ import annotations

from peft_lint.interpreter.calls import Call, result_of
from peft_lint.interpreter.objects import Handle, Tool
from peft_lint.interpreter.values import NOTHING_KNOWN, Items, Ref, Value
from peft_lint.library.registry import function, method
from peft_lint.library.torch import backward

_METHODS_THAT_KEEP = (
    "print log wait_for_everyone end_training gather gather_for_metrics reduce save_state init_trackers "
    "clip_grad_norm_ get_state_dict save_model register_for_checkpointing free_memory autocast "
    "pad_across_processes is_main_process unwrap_optimizer skip_first_batches"
)


@function("accelerate.Accelerator", creates=False)
def accelerator(call: Call) -> Value:
    """Model an accelerator."""
    return call.machine.world.add(Tool(call.node, "accelerator"))


@method(Tool, "prepare", "prepare_model")
def prepare(call: Call) -> Value:
    """Model `prepare`: what comes back are the same objects, in the same mode."""
    if len(call.args) == 1:
        return call.args[0]
    return Items("tuple", call.args, call.complete)


@method(Tool, "unwrap_model")
def unwrap_model(call: Call) -> Value:
    """Model `unwrap_model`: the model inside the wrappers."""
    value = call.get(0, "model")
    return NOTHING_KNOWN if value is None else value


@method(Tool, "backward")
def accelerator_backward(call: Call) -> Value:
    """Model `accelerator.backward(loss)`."""
    loss = call.get(0, "loss")
    if loss is not None:
        backward(call.machine, call.node, loss)
    return NOTHING_KNOWN


@method(Tool, "load_state")
def load_state(call: Call) -> Value:
    """Model `accelerator.load_state`: weights of any prepared model may come from disk."""
    machine = call.machine
    for number, state in list(machine.world.heap.items()):
        if isinstance(state, Handle):
            machine.escape(Ref(number))
    return NOTHING_KNOWN


@method(Tool, *_METHODS_THAT_KEEP.split())
def untouched(call: Call) -> Value:
    """Model a method that leaves models as they are."""
    return result_of(call.machine, NOTHING_KNOWN, call)

