"""Trainers are made: which model they drive, and in which mode it is then (A7, B13)."""

from __future__ import annotations

from functools import partial

from peft_lint import knowledge
from peft_lint.events import TrainerMade
from peft_lint.interpreter import calls
from peft_lint.interpreter.call import bare
from peft_lint.interpreter.objects import Arguments, Body, Handle, Kind, Trainer
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Ref,
    Value,
    functions_in,
    is_given,
    literal,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.arguments import make_training_arguments
from peft_lint.library.configs import config_of
from peft_lint.library.handles import (
    base_handle,
    change_body,
    handle_of,
    new_model,
    update_adapters,
)
from peft_lint.library.registry import (
    RESOLVERS,
    WORDS,
    FunctionModel,
    function,
    words,
)
from peft_lint.library.wrapping import wrap
from peft_lint.versions.specifier import key

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call

# PPOTrainer is not among them: it drives value-head models of its own.
_TRL_TRAINERS = frozenset(
    words(
        "SFTTrainer DPOTrainer ORPOTrainer KTOTrainer CPOTrainer RewardTrainer GRPOTrainer "
        "RLOOTrainer IterativeSFTTrainer GKDTrainer OnlineDPOTrainer NashMDTrainer XPOTrainer "
        "BCOTrainer PRMTrainer"
    )
)
_TRL_ARGUMENTS = frozenset(
    words(
        "SFTConfig DPOConfig ORPOConfig KTOConfig CPOConfig RewardConfig GRPOConfig RLOOConfig "
        "GKDConfig OnlineDPOConfig BCOConfig PRMConfig NashMDConfig XPOConfig"
    )
)
WORDS.update(_TRL_TRAINERS, _TRL_ARGUMENTS)
# What trainers of TRL do with a PeftModel and a `peft_config` beside it, since which release.
_REFUSES = ("0.27", "refused")
_MERGES = ("0.22", "merged")
_SFT = (_REFUSES, _MERGES, ("0.20", "stacked"), ("0.4.2", "ignored"))
_SECOND_ADAPTER = {
    "SFTTrainer": _SFT,
    "GKDTrainer": _SFT,
    "GRPOTrainer": (_REFUSES, _MERGES, ("0.14", "stacked")),
    "RewardTrainer": (_REFUSES, _MERGES, ("0.7.2", "ignored")),
}


# Trainers of TRL that set the `p` of every dropout to 0 unless `disable_dropout=False` is said.
_WITHOUT_DROPOUT = frozenset(
    words(
        "DPOTrainer KTOTrainer BCOTrainer ORPOTrainer CPOTrainer RewardTrainer PRMTrainer "
        "GKDTrainer OnlineDPOTrainer XPOTrainer NashMDTrainer"
    )
)


@function("transformers.Trainer")
def trainer(call: Call) -> Value:
    """Model transformers' own trainer."""
    return construct(call, "Trainer", "transformers")


@function("transformers.Seq2SeqTrainer")
def seq2seq_trainer(call: Call) -> Value:
    """Model transformers' trainer that generates when it evaluates."""
    return construct(call, "Seq2SeqTrainer", "transformers")


def _resolve(name: str) -> FunctionModel | None:
    _, owner, *attribute = name.split(".")
    if attribute:
        return None
    if owner in _TRL_TRAINERS:
        return partial(construct, class_name=owner, library="trl")
    if owner in _TRL_ARGUMENTS:
        return partial(make_training_arguments, class_name=owner)
    return None


RESOLVERS["trl"] = _resolve


def second_adapter(trainer: str, release: str) -> str:
    """Return what a trainer of TRL does with a PeftModel and the config of another adapter.

    "refused", "stacked" (put around the first), "ignored", or "merged": most trainers merged the
    first adapter into its base in all releases that allowed it.
    """
    rows = _SECOND_ADAPTER.get(trainer, (_REFUSES,))
    return next((what for since, what in rows if key(release) >= key(since)), "merged")


def construct(call: Call, class_name: str, library: str) -> Value:
    """Model `Trainer(model=…)`: modes kept, the generator seeded (A7, A8)."""
    machine = call.machine
    handle = _model_of(call, library)
    number = handle.id if handle else None
    config = call.get(None, "peft_config")
    wraps = is_given(config) or not call.complete
    given = (class_name, library, call.args, call.keywords, call.complete)
    machine.emit(TrainerMade(call.node, number, call.node_of(0, "model"), wraps, *given))
    if handle is not None and is_given(config):
        handle = _with_peft_config(call, class_name, handle, config)
    machine.world.seeded = True
    # It calls rewards, metrics and collators itself, in modes of its own.
    for value in call.values():
        machine.handed.update(functions_in(value))
    arguments = _arguments_of(call)
    if handle is not None:
        _disable_dropout(call, class_name, handle, arguments)
    state = Trainer(
        call.node,
        class_name,
        handle.id if handle else None,
        arguments,
        library,
        call.get(None, "callbacks"),
        call.get(None, "optimizers"),
    )
    return machine.world.add(state)


def _model_of(call: Call, library: str) -> Ref | None:
    """Return the model that a trainer is given, makes with `model_init`, or loads by its id."""
    machine = call.machine
    model = call.get(0, "model")
    if not is_given(model):
        make = call.get(None, "model_init")
        model = calls.apply(machine, make, bare(machine, call.node)) if make is not None else None
        found = handle_of(machine, model)
        return found[0] if found else None
    checkpoint = literal(model)
    if library == "trl" and isinstance(checkpoint, str):
        family = knowledge.family(checkpoint)
        body = Body(
            node=call.node,
            checkpoint=model,
            family=family,
            training=False,
            dropout=knowledge.dropout(family, "CausalLM"),
            complete=False,
            steps=((call.node, "the trainer loads the model here, in eval mode"),),
        )
        return new_model(machine, body, False)
    return base_handle(call, model)[0]


def _arguments_of(call: Call) -> Value | None:
    """Return the training arguments: by name, or the one positional argument that is such."""
    named = call.get(None, "args")
    if named is not None:
        return named
    for value in call.args[1:]:
        if isinstance(call.machine.world.state(value), Arguments):
            return value
    return None if call.complete and len(call.args) < 2 else NOTHING_KNOWN


def _disable_dropout(call: Call, class_name: str, ref: Ref, arguments: Value | None) -> None:
    """Do what `disable_dropout` of TRL's configs does to the model, for good."""
    machine = call.machine
    settings = machine.world.state(arguments)
    said = settings.get("disable_dropout") if isinstance(settings, Arguments) else None
    handle = machine.world.heap[ref.id]
    by_default = class_name in _WITHOUT_DROPOUT
    if isinstance(handle, Handle) and literal(said, by_default if said is None else True):
        change_body(machine, handle, dropout=False)
        update_adapters(machine, handle, dropout=False)


def _with_peft_config(call: Call, class_name: str, ref: Ref, config: Value) -> Ref:
    machine = call.machine
    handle = machine.world.heap[ref.id]
    assert isinstance(handle, Handle)
    if machine.world.state(config) is None:
        # A config that may be None: whether there is an adapter is not known.
        machine.escape(ref)
        return ref
    if handle.kind is not Kind.PLAIN:
        if second_adapter(class_name, machine.target.release("trl")) in ("stacked", "merged"):
            machine.escape(ref)
        return ref
    node = call.node_of(None, "peft_config")
    return wrap(call, ref, config_of(call, config), "trainer", node)
