"""What trainers do to a world: construction, train, evaluate (the A7 table, B13)."""

from __future__ import annotations

from peft_lint.events import Inference, Saved, Trained
from peft_lint.interpreter.calls import Call, result_of
from peft_lint.interpreter.objects import Arguments, Body, Fact, Handle, Trainer
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    ClassValue,
    Items,
    Literal,
    Ref,
    Symbol,
    Value,
    literal,
)
from peft_lint.library import peft
from peft_lint.library.handles import (
    add_step,
    base_handle,
    change_body,
    handle_of,
    new_model,
    set_mode,
)
from peft_lint.library.registry import (
    RESOLVERS,
    WORDS,
    FunctionModel,
    attribute_of,
    function,
    method,
)
from peft_lint.library.torch import train_body

_TRL_TRAINERS = frozenset(
    "SFTTrainer DPOTrainer ORPOTrainer KTOTrainer CPOTrainer RewardTrainer GRPOTrainer RLOOTrainer "
    "IterativeSFTTrainer GKDTrainer OnlineDPOTrainer NashMDTrainer XPOTrainer BCOTrainer "
    "PRMTrainer".split()
)
_TRL_ARGUMENTS = frozenset(
    "SFTConfig DPOConfig ORPOConfig KTOConfig CPOConfig RewardConfig GRPOConfig RLOOConfig GKDConfig "
    "OnlineDPOConfig BCOConfig PRMConfig".split()
)
WORDS.update({"Trainer", "Seq2SeqTrainer", *_TRL_TRAINERS})


def construct(call: Call, library: str) -> Value:
    """Model `Trainer(model=…)`: modes kept, the generator seeded (A7, A8)."""
    machine = call.machine
    model = call.get(0, "model")
    handle: Ref | None = None
    if isinstance(model, Literal) and isinstance(literal(model), str) and library == "trl":
        body = Body(
            node=call.node,
            checkpoint=model,
            training=False,
            complete=False,
            steps=((call.node, "the trainer loads the model here, in eval mode"),),
        )
        handle = new_model(machine, body, False)
    elif model is not None and literal(model, ...) is not None:
        found = handle_of(machine, model)
        handle = found[0] if found else base_handle(call, model)[0]
    config = call.get(None, "peft_config")
    if handle is not None and config is not None and literal(config, ...) is not None:
        handle = _with_peft_config(call, handle, config)
    machine.world.seeded = True
    state = Trainer(
        call.node,
        "Trainer",
        handle.id if handle else None,
        call.get(1, "args"),
        library,
    )
    return machine.world.add(state)


def _with_peft_config(call: Call, handle: Ref, config: Value) -> Ref:
    if call.machine.world.state(config) is None:
        # A config that may be None: whether there is an adapter is not known.
        call.machine.escape(handle)
        return handle
    return peft.wrap(call, handle, config, "trainer", call.node_of(None, "peft_config"))


@function("transformers.Trainer", "transformers.Seq2SeqTrainer")
def trainer(call: Call) -> Value:
    """Model transformers' own trainers."""
    return construct(call, "transformers")


def _resolve(name: str) -> FunctionModel | None:
    owner = name.split(".")[1]
    if owner in _TRL_TRAINERS:
        return lambda call: construct(call, "trl")
    if owner in _TRL_ARGUMENTS:
        return _arguments(owner)
    return None


def _arguments(name: str) -> FunctionModel:
    def model(call: Call) -> Value:
        return call.machine.world.add(Arguments(call.node, name, call.keywords, call.complete))

    return model


RESOLVERS["trl"] = _resolve


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
    mode = _mode_after(call, state)
    set_mode(machine, ref, mode)
    if mode is not False:
        add_step(machine, handle, call.node, "training leaves the model in train mode here")
    machine.emit(Trained(call.node, ref.id, "trainer"))
    return result_of(machine, NOTHING_KNOWN, call)


def _mode_after(call: Call, trainer_state: Trainer) -> Fact:
    machine = call.machine
    arguments = machine.world.state(trainer_state.arguments)
    if _own_callbacks(call, trainer_state):
        return None
    if trainer_state.arguments is None:
        return True
    if not isinstance(arguments, Arguments):
        return None
    best = arguments.get("load_best_model_at_end")
    if literal(best) is True:
        return False
    strategy = arguments.get("eval_strategy") or arguments.get("evaluation_strategy")
    if strategy is None:
        # `do_eval=True` alone evaluates nothing during training.
        known = arguments.complete and (best is None or literal(best) is False)
        return True if known else None
    if isinstance(strategy, Symbol):
        name: object = strategy.name.rpartition(".")[2].lower()
    else:
        name = literal(strategy)
    if name == "no":
        return True if best is None or literal(best) is False else None
    if name == "epoch":
        return False
    if name == "steps":
        return False if machine.target.at_least("transformers", "5.4") else None
    return None


def _own_callbacks(call: Call, trainer_state: Trainer) -> bool:
    """Return whether callbacks of the document may have changed the mode."""
    machine = call.machine
    for keyword in trainer_state.node.keywords:
        if keyword.arg == "callbacks":
            value = machine.eval(keyword.value)
            items = value.items if isinstance(value, Items) else (value,)
            return any(_may_change_mode(machine.world.state(item), item) for item in items)
    return False


def _may_change_mode(state: object, item: Value) -> bool:
    return state is not None or isinstance(item, ClassValue)


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
    _, ref, _ = _receiver(call)
    if ref is not None:
        path = call.get(0, "output_dir")
        call.machine.emit(Saved(call.node, ref.id, path, "save_model"))
    return NOTHING_KNOWN


@method(
    Trainer,
    *(
        "save_state save_metrics log_metrics log add_callback remove_callback pop_callback "
        "get_train_dataloader get_eval_dataloader create_optimizer create_scheduler "
        "is_world_process_zero num_examples floating_point_ops create_model_card "
        "create_optimizer_and_scheduler get_batch_samples compute_loss"
    ).split(),
)
def untouched(call: Call) -> Value:
    """Model a method that leaves the model as it is."""
    return result_of(call.machine, NOTHING_KNOWN, call)


@attribute_of(Trainer, "model", "model_wrapped")
def _model(machine: object, ref: Ref, state: object) -> Value:
    assert isinstance(state, Trainer)
    return NOTHING_KNOWN if state.handle is None else Ref(state.handle)


@attribute_of(Trainer, "state", "args", "tokenizer", "processing_class", "optimizer", "accelerator")
def _data(machine: object, ref: Ref, state: object) -> Value:
    return NOTHING_KNOWN

