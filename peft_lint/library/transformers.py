"""What transformers' classes and seeds do to a world (facts: A5, A7, A8, C16)."""

from __future__ import annotations

from functools import partial

from peft_lint import knowledge
from peft_lint.events import AdapterLoaded, ModelLoaded
from peft_lint.interpreter.objects import Adapter, Arguments, Body, Fact, above_zero
from peft_lint.interpreter.values import NOTHING_KNOWN, Literal, Value, literal
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import artifacts
from peft_lint.library.arguments import make_arguments, make_training_arguments
from peft_lint.library.configs import DEFAULT
from peft_lint.library.handles import native_evaluates, new_model, untouched
from peft_lint.library.registry import (
    MAKERS,
    RESOLVERS,
    SEEDS,
    WORDS,
    FunctionModel,
    function,
    words,
)
from peft_lint.library.tokenizers import tokenizer

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.library.artifacts import Artifact

_TOKENIZERS = ("Tokenizer", "TokenizerFast", "Processor", "FeatureExtractor", "ImageProcessor")
# Keywords of from_pretrained that turn a dropout of the model's config on or off.
_DROPOUTS = frozenset(
    words(
        "attention_dropout hidden_dropout_prob attention_probs_dropout_prob dropout dropout_rate "
        "attn_pdrop embd_pdrop resid_pdrop classifier_dropout hidden_dropout activation_dropout"
    )
)


def task_of(class_name: str) -> str | None:
    """Return the task of a model class, e.g. "SequenceClassification"."""
    known = knowledge.model_class(class_name)
    if known is not None:
        return known.task
    return knowledge.auto_task(class_name)


def from_pretrained(call: Call, class_name: str) -> Value:
    """Model `X.from_pretrained(id)`: a plain model in eval mode (A7, E)."""
    checkpoint = call.get(0, "pretrained_model_name_or_path")
    found = artifacts.find(call, checkpoint)
    if found is not None and found.in_place is not False:
        return _with_its_adapter(call, class_name, checkpoint, found)
    family = _family(class_name, checkpoint)
    steps = ((call.node, "the model is loaded here, in eval mode"),)
    body = _loaded(call, class_name, checkpoint, family)._replace(steps=steps)
    ref = new_model(call.machine, body, False)
    call.machine.emit(ModelLoaded(call.node, ref.id))
    return ref


def _loaded(call: Call, class_name: str, checkpoint: Value | None, family: str | None) -> Body:
    """Return the body of a model that a class of transformers loads: in eval mode (A7)."""
    task = task_of(class_name)
    return Body(
        node=call.node,
        model_class=class_name,
        checkpoint=checkpoint,
        family=family,
        task=task,
        arguments=call.keywords,
        complete=call.complete,
        training=False,
        dropout=dropout_of_base(call, family, task),
        quantised=quantised(call),
    )


def _with_its_adapter(call: Call, class_name: str, path: Value | None, found: Artifact) -> Value:
    """Model `X.from_pretrained(folder)` where an adapter lies: its base, and the adapter (A5)."""
    machine = call.machine
    family = _family(class_name, None if found.base is None else Literal((found.base,)))
    body = _loaded(call, class_name, path, family)._replace(
        adapters=(native_adapter(call, path),) if found.sure else None,
        active=(DEFAULT,) if found.sure else None,
        # What the adapter saved beside itself, a head for instance, is trained as well.
        trained=None,
        steps=((call.node, "base and trained adapter are loaded here"),),
    )
    ref = new_model(machine, body, False)
    how = f"{class_name}.from_pretrained"
    machine.emit(AdapterLoaded(call.node, ref.id, how, call.keywords))
    return ref


def native_adapter(call: Call, path: Value | None) -> Adapter:
    """Return the adapter that transformers loads with its base: frozen, in eval mode or not."""
    live = not native_evaluates(call.machine)
    adapter = artifacts.loaded_adapter(call, DEFAULT, path, trainable=False, training=live)
    return adapter._replace(native=True)


def from_config(call: Call, class_name: str) -> Value:
    """Model `X.from_config(config)` and `XForY(config)`: random weights, train mode (A7, T)."""
    family, task = _family(class_name, None), task_of(class_name)
    config = call.machine.world.state(call.get(0, "config"))
    body = Body(
        node=call.node,
        model_class=class_name,
        family=family,
        task=task,
        complete=False,
        training=True,
        dropout=_config_dropout(config, family, task) if isinstance(config, Arguments) else None,
        steps=((call.node, "the model is built from a config here, in train mode"),),
    )
    return new_model(call.machine, body, True)


def _family(class_name: str, checkpoint: Value | None) -> str | None:
    known = knowledge.model_class(class_name)
    if known is not None:
        return known.model_type
    name = literal(checkpoint)
    return knowledge.family(name) if isinstance(name, str) else None


def dropout_of_base(call: Call, family: str | None, task: str | None) -> Fact:
    """Return whether the base holds dropout: what the call says, else the family's default."""
    if call.get(None, "config") is not None and not _said(call.keywords):
        return None
    said = Arguments(call.node, "", call.keywords, call.complete)
    return _config_dropout(said, family, task)


def _config_dropout(config: Arguments, family: str | None, task: str | None) -> Fact:
    said = _said(config.fields)
    if any(above_zero(value) for value in said):
        return True
    default = knowledge.dropout(family, task) if config.complete else None
    # A zero says nothing of the dropout that it does not name.
    zero = default is False and all(literal(value) == 0 for value in said)
    return default if not said or zero else None


def _said(fields: tuple[tuple[str, Value], ...]) -> list[Value]:
    return [value for name, value in fields if name in _DROPOUTS]


def quantised(call: Call, default: bool = False) -> Fact:
    """Return whether a loading call makes a k-bit model; `default` where it says nothing."""
    for name in ("quantization_config", "load_in_4bit", "load_in_8bit"):
        value = call.get(None, name)
        if value is None:
            continue
        state = call.machine.world.state(value)
        if isinstance(state, Arguments):
            # Other quantisers have rules of their own for what may be done to their weights.
            return True if state.class_name == "BitsAndBytesConfig" else None
        constant = literal(value, ...)
        if constant is True:
            return True
        if constant not in (False, None):
            return None
        default = False
    return default if call.complete else None


def _resolve(name: str) -> FunctionModel | None:
    """Find the model of a class of transformers, or of a constructor of one."""
    _, owner, *attribute = name.split(".")
    is_model = knowledge.model_class(owner) is not None or owner.startswith("AutoModel")
    if not attribute:
        if owner.endswith("TrainingArguments"):
            return partial(make_training_arguments, class_name=owner)
        if owner.endswith("Config"):
            return partial(make_arguments, class_name=owner)
        if is_model:
            return partial(from_config, class_name=owner)
        # Collators, callbacks, streamers, schedules: they keep a model, and leave it alone.
        return untouched if owner[:1].isupper() or owner.startswith("get_") else None
    if attribute == ["from_pretrained"]:
        if is_model:
            return partial(from_pretrained, class_name=owner)
        return tokenizer if owner.endswith(_TOKENIZERS) else untouched
    if is_model and attribute[0] in ("from_config", "_from_config"):
        return partial(from_config, class_name=owner)
    return None


RESOLVERS["transformers"] = _resolve
MAKERS.add(from_config)
# A helper that makes one is worth following: what it is for decides what may be merged, and
# how long and in which way is trained.
WORDS.update(("BitsAndBytesConfig", "TrainingArguments", "Seq2SeqTrainingArguments"))


_SEEDING = words(
    "transformers.set_seed transformers.enable_full_determinism torch.manual_seed "
    "torch.set_rng_state torch.manual_seed_all accelerate.set_seed diffusers.set_seed "
    "lightning.seed_everything trl.set_seed"
)
SEEDS.update(name.rpartition(".")[2] for name in _SEEDING)


@function(*_SEEDING, creates=False)
def seed(call: Call) -> Value:
    """Model seeding the generator that sampling draws from (A8)."""
    call.machine.world.seeded = True
    return NOTHING_KNOWN
