"""What transformers' model classes and utilities do to a world (facts: A5-A8 and the A7 table)."""

from __future__ import annotations

import ast

from peft_lint import knowledge
from peft_lint.interpreter.calls import Call, result_of
from peft_lint.interpreter.objects import Arguments, Body, Fact, Kind, Handle, Tool, above_zero
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Literal,
    Symbol,
    Value,
    literal,
)
from peft_lint.library.handles import base_handle, new_model
from peft_lint.library.registry import (
    RESOLVERS,
    WORDS,
    FunctionModel,
    function,
)

_TOKENIZERS = ("Tokenizer", "TokenizerFast", "Processor", "FeatureExtractor", "ImageProcessor")
_ARGUMENTS = ("TrainingArguments", "GenerationConfig", "BitsAndBytesConfig", "GPTQConfig")
# Keywords of from_pretrained that turn a dropout of the model's config on or off.
_DROPOUTS = frozenset(
    "attention_dropout hidden_dropout_prob attention_probs_dropout_prob dropout dropout_rate "
    "attn_pdrop embd_pdrop resid_pdrop classifier_dropout hidden_dropout activation_dropout".split()
)


def task_of(class_name: str) -> str | None:
    """Return the task of a model class, e.g. "SequenceClassification"."""
    known = knowledge.model_class(class_name)
    if known is not None:
        return known.task
    return knowledge.auto_task(class_name)


def _owner(call: Call) -> str:
    """Return the class on which a constructor is called, by the name it resolves to."""
    spelled = call.node.func
    if isinstance(spelled, ast.Attribute):
        value = call.machine.eval(spelled.value)
        if isinstance(value, Symbol):
            return value.name.rpartition(".")[2]
    elif isinstance(spelled, ast.Name):
        value = call.machine.eval(spelled)
        if isinstance(value, Symbol):
            return value.name.rpartition(".")[2]
    return ""


def from_pretrained(call: Call) -> Value:
    """Model `X.from_pretrained(id)`: a plain model in eval mode (A7, E)."""
    class_name = _owner(call)
    checkpoint = call.get(0, "pretrained_model_name_or_path")
    family = _family(class_name, checkpoint)
    task = task_of(class_name)
    quantised = _quantised(call)
    body = Body(
        node=call.node,
        model_class=class_name,
        checkpoint=checkpoint,
        family=family,
        task=task,
        arguments=call.keywords,
        complete=call.complete,
        training=False,
        dropout=_dropout(call, family, task),
        quantised=quantised,
        steps=((call.node, "the model is loaded here, in eval mode"),),
    )
    return new_model(call.machine, body, False)


def from_config(call: Call) -> Value:
    """Model `X.from_config(config)` and `XForY(config)`: random weights, train mode (A7, T)."""
    class_name = _owner(call)
    family = _family(class_name, None)
    task = task_of(class_name)
    body = Body(
        node=call.node,
        model_class=class_name,
        family=family,
        task=task,
        complete=False,
        training=True,
        dropout=None,
        steps=((call.node, "the model is built from a config here, in train mode"),),
    )
    return new_model(call.machine, body, True)


def _family(class_name: str, checkpoint: Value | None) -> str | None:
    known = knowledge.model_class(class_name)
    if known is not None:
        return known.model_type
    name = literal(checkpoint)
    return knowledge.family(name) if isinstance(name, str) else None


def _dropout(call: Call, family: str | None, task: str | None) -> Fact:
    """Return whether the base holds dropout: what the call says, else the family's default."""
    given = [value for name, value in call.keywords if name in _DROPOUTS]
    if given:
        answers = {above_zero(value) for value in given}
        return True if True in answers else None
    if not call.complete or call.get(None, "config") is not None:
        return None
    return knowledge.dropout(family, task)


def _quantised(call: Call) -> Fact:
    for name in ("quantization_config", "load_in_4bit", "load_in_8bit"):
        value = call.get(None, name)
        if value is None:
            continue
        if call.machine.world.state(value) is not None:
            return True
        constant = literal(value, ...)
        if constant is True:
            return True
        if constant not in (False, None):
            return None
    return False if call.complete else None


def _tokenizer(call: Call) -> Value:
    return call.machine.world.add(Tool(call.node, "tokenizer"))


def make_arguments(call: Call) -> Value:
    """Model a class of training arguments, generation settings or quantisation settings."""
    state = Arguments(call.node, _owner(call), call.keywords, call.complete)
    return call.machine.world.add(state)


def _reader(call: Call) -> Value:
    """Model reading something that is no model and stays unknown."""
    return result_of(call.machine, NOTHING_KNOWN, call)


def _resolve(name: str) -> FunctionModel | None:
    """Find the model of a class of transformers, or of a constructor of one."""
    parts = name.split(".")
    if len(parts) < 2:
        return None
    owner = parts[1]
    is_model = knowledge.model_class(owner) is not None or owner.startswith("AutoModel")
    if len(parts) == 3:
        if parts[2] == "from_pretrained":
            if is_model:
                return from_pretrained
            return _tokenizer if owner.endswith(_TOKENIZERS) else _reader
        if parts[2] in ("from_config", "_from_config") and is_model:
            return from_config
        return None
    if owner.endswith(_ARGUMENTS):
        return make_arguments
    if is_model:
        return from_config
    # Collators, callbacks, streamers, schedules: they keep a model, and leave it alone.
    return _reader if owner[:1].isupper() or owner.startswith("get_") else None


RESOLVERS["transformers"] = _resolve
WORDS.update({"pipeline"})


@function(
    "transformers.set_seed",
    "transformers.enable_full_determinism",
    "torch.manual_seed",
    "torch.default_generator.manual_seed",
    "torch.set_rng_state",
    "torch.manual_seed_all",
    "accelerate.set_seed",
    "lightning.seed_everything",
)
def seed(call: Call) -> Value:
    """Model seeding the generator that sampling draws from (A8)."""
    call.machine.world.seeded = True
    return NOTHING_KNOWN


@function("transformers.pipeline")
def pipeline(call: Call) -> Value:
    """Model `pipeline(task, model)`: a handle that keeps the model's mode (A7)."""
    machine = call.machine
    task = call.constant(0, "task")
    model = call.get(1, "model")
    if model is None or isinstance(model, Literal):
        body = Body(
            node=call.node,
            model_class="pipeline",
            checkpoint=model,
            complete=False,
            training=False,
            adapters=None,
            active=None,
            steps=((call.node, "the pipeline loads its model here, in eval mode"),),
        )
        ref = new_model(machine, body, False)
    else:
        ref, _, _ = base_handle(call, model)
    inner = machine.world.heap[ref.id]
    assert isinstance(inner, Handle)
    settings = machine.world.add(Arguments(call.node, str(task), call.keywords, call.complete))
    handle = Handle(inner.body, Kind.PIPELINE, call.node, inner.training, ref.id, settings)
    return machine.world.add(handle)


def sampling_of(call: Call, defaults: tuple[Value | None, ...] = ()) -> Fact:
    """Return whether a call of `generate` draws tokens at random (A8).

    `defaults` are settings that hold where the call says nothing: of a pipeline.
    """
    sources: list[Value | None] = [call.get(None, "do_sample")]
    machine = call.machine
    for value in (call.get(None, "generation_config"), *defaults):
        state = machine.world.state(value)
        if isinstance(state, Arguments):
            sources.append(state.get("do_sample"))
            if not state.complete and state.get("do_sample") is None:
                return None
        elif value is not None:
            sources.append(value)
    for source in sources:
        if source is None:
            continue
        constant = literal(source)
        if not isinstance(constant, bool):
            return None
        return constant and call.constant(None, "top_k") != 1
    return None


def streams(call: Call) -> bool:
    """Return whether a call hands its tokens to a streamer, that is to a person."""
    return call.get(None, "streamer") is not None

