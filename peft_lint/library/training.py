"""What the methods of a trainer do to a world: train, evaluate, save (the A7 table)."""

from __future__ import annotations

from peft_lint.events import Inference, Saved, Trained
from peft_lint.interpreter.call import result_of
from peft_lint.interpreter.objects import Arguments, Fact, Handle, State, Trainer
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    ClassValue,
    Items,
    Ref,
    Symbol,
    Value,
    is_given,
    literal,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import artifacts
from peft_lint.library.handles import (
    add_step,
    change_body,
    handle_of,
    set_mode,
    spelled_method,
    untouched,
)
from peft_lint.library.optimizers import step
from peft_lint.library.registry import attribute_of, method, words
from peft_lint.library.torch import train_body

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine


def _receiver(call: Call) -> tuple[Trainer, Ref | None, Handle | None]:
    state = call.machine.world.state(call.receiver)
    assert isinstance(state, Trainer)
    if state.handle is None:
        return state, None, None
    handle = call.machine.world.heap.get(state.handle)
    if not isinstance(handle, Handle):
        return state, None, None
    return state, Ref(state.handle), handle


@method(Trainer, "train")
def train(call: Call) -> Value:
    """Model `trainer.train()`: it leaves train mode unless an evaluation ran last (A7)."""
    machine = call.machine
    state, ref, handle = _receiver(call)
    if ref is None or handle is None:
        return NOTHING_KNOWN
    train_body(machine, handle)
    mode = _mode_after(machine, state)
    set_mode(machine, ref, mode)
    if mode is not False:
        add_step(machine, handle, call.node, "training leaves the model in train mode here")
    assert isinstance(call.receiver, Ref)
    machine.emit(Trained(call.node, ref.id, "trainer", call.receiver.id))
    if state.optimizers is not None:
        step(call, state.optimizers)
    return result_of(machine, NOTHING_KNOWN, call)


def _mode_after(machine: Machine, state: Trainer) -> Fact:
    arguments = machine.world.state(state.arguments)
    if _may_change_mode(machine, state.callbacks):
        return None
    if state.arguments is None:
        return True
    if not isinstance(arguments, Arguments):
        return None
    best = arguments.get("load_best_model_at_end")
    if literal(best) is True:
        return False
    strategy = arguments.get("eval_strategy") or arguments.get("evaluation_strategy")
    name = literal(strategy)
    if isinstance(strategy, Symbol):
        name = strategy.name.rpartition(".")[2].lower()
    if strategy is None or name == "no":
        # `do_eval=True` alone evaluates nothing during training.
        never = arguments.complete if best is None else literal(best) is False
        return True if never and (strategy is not None or arguments.complete) else None
    if name == "epoch":
        return False
    if name == "steps" and machine.target.at_least("transformers", "5.4"):
        return False
    return None


def _may_change_mode(machine: Machine, callbacks: Value | None) -> bool:
    """Return whether callbacks of the document are among these, or nobody knows which are."""
    if not is_given(callbacks):
        return False
    if not isinstance(callbacks, Items):
        return True
    return not callbacks.exact or any(
        machine.world.state(item) is not None or isinstance(item, ClassValue)
        for item in callbacks.items
    )


@method(Trainer, "add_callback")
def add_callback(call: Call) -> Value:
    """Model one more callback."""
    state, _, _ = _receiver(call)
    old = state.callbacks
    added = Items("list", call.values(), call.complete)
    if isinstance(old, Items):
        added = old._replace(items=old.items + added.items, exact=old.exact and added.exact)
    elif is_given(old):
        added = added._replace(exact=False)
    if isinstance(call.receiver, Ref):
        call.machine.world.put(call.receiver.id, state._replace(callbacks=added))
    return NOTHING_KNOWN


@method(Trainer, "evaluate", "predict", "evaluation_loop", "prediction_loop")
def evaluate(call: Call) -> Value:
    """Model an evaluation, which leaves eval mode (A7)."""
    _, ref, handle = _receiver(call)
    if ref is not None and handle is not None:
        set_mode(call.machine, ref, False)
        change_body(call.machine, handle, mode_call=None)
        call.machine.emit(Inference(call.node, ref.id, "trainer", None, False))
    return result_of(call.machine, NOTHING_KNOWN, call)


@method(Trainer, "save_model", "push_to_hub")
def save_model(call: Call) -> Value:
    """Model saving through the trainer."""
    state, ref, _ = _receiver(call)
    if ref is not None:
        path = call.get(0, "output_dir")
        arguments = call.machine.world.state(state.arguments)
        if path is None and isinstance(arguments, Arguments):
            path = arguments.get("output_dir")
        if spelled_method(call) == "save_model":
            artifacts.save(call.machine, ref, path)
        call.machine.emit(Saved(call.node, ref.id, path, "save_model"))
    return NOTHING_KNOWN


_UNTOUCHED = words(
    "save_state save_metrics log_metrics log remove_callback pop_callback get_train_dataloader "
    "get_eval_dataloader create_optimizer create_scheduler is_world_process_zero num_examples "
    "floating_point_ops create_model_card create_optimizer_and_scheduler get_batch_samples "
    "compute_loss"
)


method(Trainer, *_UNTOUCHED)(untouched)


@attribute_of(Trainer, "model", "model_wrapped")
def _model(machine: Machine, ref: Ref, state: State) -> Value:
    assert isinstance(state, Trainer)
    return NOTHING_KNOWN if state.handle is None else Ref(state.handle)


@method(Trainer, "model=")
def set_model(call: Call) -> Value:
    """Model `trainer.model = model`."""
    state, _, _ = _receiver(call)
    found = handle_of(call.machine, call.get(0, "model"))
    if isinstance(call.receiver, Ref):
        number = found[0].id if found else None
        call.machine.world.put(call.receiver.id, state._replace(handle=number))
    return NOTHING_KNOWN


@attribute_of(Trainer, "args")
def _args(machine: Machine, ref: Ref, state: State) -> Value:
    assert isinstance(state, Trainer)
    return state.arguments or NOTHING_KNOWN


@attribute_of(Trainer, "state", "tokenizer", "processing_class", "optimizer", "accelerator")
def _data(machine: Machine, ref: Ref, state: State) -> Value:
    return NOTHING_KNOWN
