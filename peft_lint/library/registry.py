"""Finds the model of a library's function, method or attribute by its resolved name."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Hashable, Iterable
from functools import cache
from importlib import import_module

from peft_lint.interpreter.call import bare, result_of
from peft_lint.interpreter.code import Vocabulary
from peft_lint.interpreter.objects import Arguments, Config, Fact, Handle, State
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    Ref,
    Symbol,
    Unknown,
    Value,
    contained,
    derived,
)
from peft_lint.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine
    from peft_lint.interpreter.world import World

FunctionModel = Callable[["Call"], Value]
AttributeModel = Callable[["Machine", Ref, State], Value]
Resolver = Callable[[str], FunctionModel | None]


def words(text: str) -> tuple[str, ...]:
    """Return the words of a list that is written as one text."""
    return tuple(text.split())


FUNCTIONS: dict[str, FunctionModel] = {}
# The packages of those.
_MODELLED: set[str] = set()
METHODS: dict[tuple[type[State], str], FunctionModel] = {}
ATTRIBUTES: dict[tuple[type[State], str], AttributeModel] = {}
# Methods that do nothing as a statement of their own, though it looks as if they did.
UNCALLED: dict[tuple[type[State], str], Callable[[Machine, Ref, ast.Attribute], None]] = {}
OBJECT_CALLS: dict[type[State], FunctionModel] = {}
RESOLVERS: dict[str, Resolver] = {}
# Methods that matter on a value whose type is not known, because of what it came from.
UNKNOWN_METHODS: dict[str, FunctionModel] = {}
UNKNOWN_ASSIGNMENTS: dict[str, Callable[[Machine, Unknown, Value, ast.expr], None]] = {}
# What a loop does whose rounds are too many to tell apart, from its iterable and its words.
LOOPS: list[Callable[[Machine, Value, Collection[str]], None]] = []
# What a condition on the name of a parameter, or of a model's class, says.
NAME_TESTS: list[Callable[[Hashable, World], Fact]] = []
# Methods of a part of a model, such as `model.classifier`.
PART_METHODS: dict[str, FunctionModel] = {}
PART_ASSIGNMENTS: dict[str, Callable[[Machine, ast.expr, int], None]] = {}
# Names that make a function worth following: they create tracked objects.
WORDS: set[str] = {"from_pretrained", "from_config"}
# Names of what changes any parameters there are: they count where a model is in view.
TOUCHERS = frozenset({"backward", "copy_", "requires_grad"})
# Names of what decides the answer of a call, or whether there is one: they count for who calls.
ANSWERS: set[str] = set()

# Names of what seeds the random generator.
SEEDS: set[str] = set()

# What resolvers find for classes of models; each makes one, with the class to be told.
MAKERS: set[Callable[..., Value]] = set()

_ALIASES = {"pytorch_lightning": "lightning", "lightning_fabric": "lightning"}
_MODULES = frozenset(
    {
        "torch.nn.Module",
        "nn.Module",
        "lightning.LightningModule",
        "lightning.pytorch.LightningModule",
        "pytorch_lightning.LightningModule",
        "transformers.PreTrainedModel",
    }
)
_MODULE_METHODS = frozenset(
    words(
        "train eval to cuda cpu half float bfloat16 requires_grad_ load_state_dict apply "
        "parameters named_parameters state_dict modules children zero_grad freeze"
    )
)
# Those that change the modules inside.
MODULE_CHANGES = words(
    "train eval to cuda cpu half float bfloat16 requires_grad_ load_state_dict apply freeze"
)
# What does not change while a program runs.
_OF_THE_MACHINE = frozenset(
    words(
        "torch.cuda.is_available torch.cuda.is_bf16_supported torch.cuda.device_count "
        "torch.backends.mps.is_available"
    )
)
# Functions of the standard library that give another folder, text or number each time.
_NEW_EACH_TIME = frozenset(
    words(
        "tempfile.mkdtemp tempfile.mkstemp tempfile.mktemp tempfile.TemporaryDirectory "
        "tempfile.NamedTemporaryFile uuid.uuid1 uuid.uuid4 time.time time.time_ns time.strftime "
        "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today"
    )
)
# Those of the standard library whose objects give on what they are given, or have it used.
_HOLDING = frozenset(
    words(
        "asyncio collections concurrent contextvars heapq itertools multiprocessing operator "
        "queue threading weakref"
    )
)
# Packages whose functions take a model and leave its mode, adapters and weights alone.
_HARMLESS = frozenset(
    words(
        "torch numpy pandas tqdm wandb mlflow datasets evaluate sklearn matplotlib seaborn "
        "rich loguru psutil torchinfo torchmetrics sacrebleu rouge_score nltk scipy "
        "tensorboard tensorboardX huggingface_hub safetensors tokenizers sentencepiece yaml "
        "omegaconf hydra PIL cv2 einops dotenv fire click typer absl requests bitsandbytes "
        "google kagglehub kaggle_secrets IPython ipywidgets emoji trackio swanlab comet_ml "
        "tabulate termcolor colorama plotly openai"
    )
)


def function(*names: str, creates: bool = True) -> Callable[[FunctionModel], FunctionModel]:
    """Register the model of functions or classes by their canonical names."""

    def register(model: FunctionModel) -> FunctionModel:
        for name in names:
            FUNCTIONS[name] = model
            _MODELLED.add(name.partition(".")[0])
            if creates:
                WORDS.add(name.rpartition(".")[2])
        return model

    return register


def method(state: type[State], *names: str) -> Callable[[FunctionModel], FunctionModel]:
    """Register the model of methods of a kind of tracked object."""

    def register(model: FunctionModel) -> FunctionModel:
        for name in names:
            METHODS[(state, name)] = model
        return model

    return register


def unknown_method(*names: str) -> Callable[[FunctionModel], FunctionModel]:
    """Register the model of methods of values of unknown type."""

    def register(model: FunctionModel) -> FunctionModel:
        for name in names:
            UNKNOWN_METHODS[name] = model
        return model

    return register


def part_method(*names: str) -> Callable[[FunctionModel], FunctionModel]:
    """Register the model of methods of a part of a model; its receiver is the whole."""

    def register(model: FunctionModel) -> FunctionModel:
        for name in names:
            PART_METHODS[name] = model
        return model

    return register


def attribute_of(state: type[State], *names: str) -> Callable[[AttributeModel], AttributeModel]:
    """Register the model of attributes of a kind of tracked object."""

    def register(model: AttributeModel) -> AttributeModel:
        for name in names:
            ATTRIBUTES[(state, name)] = model
        return model

    return register


def canonical(name: str) -> str:
    """Return a dotted name without the modules between a library and what it exports.

    `peft.tuners.lora.LoraConfig` is `peft.LoraConfig`; `peft.PeftModel.from_pretrained`
    stays; `transformers.trainer_utils.set_seed` is `transformers.set_seed`.
    """
    parts = name.split(".")
    top = _ALIASES.get(parts[0], parts[0])
    for position, part in enumerate(parts[1:], 1):
        if part[:1].isupper():
            return ".".join([top, *parts[position:]])
    return f"{top}.{parts[-1]}" if len(parts) > 1 else top


@cache
def find(name: str) -> FunctionModel | None:
    """Return the model of a function or class, None where there is none."""
    known = canonical(name)
    model = FUNCTIONS.get(known)
    if model is None:
        top, _, rest = known.partition(".")
        resolver = RESOLVERS.get(top) if rest else None
        model = resolver(known) if resolver is not None else None
    return model


def vocabulary() -> Vocabulary:
    """Return the names by which the library models are known."""
    return Vocabulary(WORDS, TOUCHERS, frozenset(ANSWERS), SEEDS)


def creates(name: str) -> bool:
    """Return whether a name is a class of models that a resolver knows."""
    return getattr(find(name), "func", None) in MAKERS


def call_symbol(machine: Machine, name: str, call: Call) -> Value:
    """Call an imported name."""
    model = find(name)
    if model is not None:
        return model(call)
    top = name.partition(".")[0]
    hand_over(machine, call)
    if top in _HOLDING or name == "types.SimpleNamespace":
        for value in call.values():
            machine.escape(value)
    same = top in sys.stdlib_module_names and name not in _NEW_EACH_TIME
    if same or name in _OF_THE_MACHINE:
        return derived("call", Symbol(name), *call.values())
    if top not in _HARMLESS and top not in sys.stdlib_module_names:
        for value in call.values():
            machine.escape(value)
        if machine.world.seeded is False and not is_familiar(top):
            # Project code may seed (`utils.seed_everything()`); nobody can tell from here.
            machine.world.seeded = None
    return result_of(machine, Symbol(name), call)


def hand_over(machine: Machine, call: Call) -> None:
    """Let code out of view call the functions that it is given, as it will in time.

    `functools.partial(model.eval)`, `executor.submit(model.generate)`, `map(set_seed, seeds)`.
    """
    seeds = FUNCTIONS.get("transformers.set_seed")
    for value in call.values():
        if isinstance(value, Bound) and isinstance(value.function, str):
            machine.escape(value)
        elif isinstance(value, Symbol) and seeds is not None and find(value.name) is seeds:
            machine.world.seeded = None if machine.world.seeded is False else True


def is_familiar(top: str) -> bool:
    """Return whether a package is one whose functions are known not to seed by themselves."""
    return (
        top in sys.stdlib_module_names or top in _HARMLESS or top in RESOLVERS or top in _MODELLED
    )


@cache
def method_names() -> frozenset[str]:
    """Return the names of methods of models that do something to these."""
    return frozenset(name for state, name in METHODS if state is Handle)


def is_out_of_view(bases: Collection[str]) -> bool:
    """Return whether a class with these bases has methods that may do anything."""
    return not all(is_familiar(base.partition(".")[0]) for base in bases)


def attribute(machine: Machine, ref: Ref, state: State, name: str) -> Value:
    """Read an attribute of a tracked object."""
    model = ATTRIBUTES.get((type(state), name))
    if model is not None:
        return model(machine, ref, state)
    field = state.get(name) if isinstance(state, (Arguments, Config)) else None
    return Bound(ref, name) if field is None else field


def assign_attribute(
    machine: Machine, ref: Ref, state: State, name: str, value: Value, target: ast.expr
) -> None:
    """Assign an attribute of a tracked object."""
    model = METHODS.get((type(state), f"{name}="))
    if model is not None:
        model(bare(machine, target)._replace(receiver=ref, args=(value,)))
    elif isinstance(state, Arguments):
        machine.world.put(ref.id, state._replace(fields=(*state.fields, (name, value))))
    else:
        assign_part(machine, ref, name, value, target)


def assign_part(machine: Machine, owner: Value, name: str, value: Value, target: ast.expr) -> None:
    """Model `owner.name = value` of a model, or of a part of one: a module may be replaced."""
    owner = whole_of(owner)
    handle = machine.world.handle(owner)
    if handle is not None and name in PART_ASSIGNMENTS:
        assert isinstance(owner, Ref)
        PART_ASSIGNMENTS[name](machine, target, owner.id)
    elif contained(value):
        # The new module may hold anything.
        machine.escape(owner)
    elif handle is not None and isinstance(value, Unknown):
        # Its weights are new, and can be trained; what they are called nobody knows.
        body = machine.world.body(handle)
        machine.world.put(handle.body, body._replace(others=None, complete=False))
    machine.escape(value)


def leave_uncalled(machine: Machine, method: Bound, node: ast.Attribute) -> None:
    """Take a method for a statement of its own, without a call."""
    ref = method.receiver
    state = machine.world.state(ref)
    if state is None or not isinstance(method.function, str):
        return
    model = UNCALLED.get((type(state), method.function))
    if model is not None and isinstance(ref, Ref):
        model(machine, ref, node)


def call_method(machine: Machine, ref: Ref, state: State, name: str, call: Call) -> Value:
    """Call a method of a tracked object; one that is not modelled may do anything to it."""
    model = METHODS.get((type(state), name))
    if model is not None:
        return model(call._replace(receiver=ref))
    machine.escape(ref)
    for value in call.values():
        machine.escape(value)
    return result_of(machine, Symbol(name), call)


def whole_of(part: Value) -> Value:
    """Return the object that something is a part of, itself if of none."""
    while isinstance(part, Bound):
        part = part.receiver
    return part


def call_part(machine: Machine, part: Bound, name: str, call: Call) -> Value:
    """Call a method of a part of a tracked object; an unmodelled one may do anything."""
    whole = whole_of(part)
    model = PART_METHODS.get(name)
    if model is not None and isinstance(machine.world.state(whole), Handle):
        return model(call._replace(receiver=whole))
    machine.escape(whole)
    for value in call.values():
        machine.escape(value)
    return result_of(machine, Symbol(name), call)


def call_object(machine: Machine, ref: Ref, state: State, call: Call) -> Value:
    """Call a tracked object: a forward of a model, a pipeline."""
    model = OBJECT_CALLS.get(type(state))
    if model is not None:
        return model(call._replace(receiver=ref))
    for value in (ref, *call.values()):
        machine.escape(value)
    return result_of(machine, NOTHING_KNOWN, call)


def module_method(bases: Iterable[str], name: str) -> bool:
    """Return whether a class with these library bases is a torch module with this method."""
    return name in _MODULE_METHODS and any(base in _MODULES for base in bases)


# Library models that any document may need.
_ALWAYS = words(
    "accelerate adapters arguments class_names inference models optimizers parameter_names peft "
    "releases standard tokenizers torch trainer training transformers weights"
)
# Those that most documents never need, by the name that one has to mention.
_ON_DEMAND = ("diffusers", "lightning", "pytest", "sentence_transformers", "unsloth")


def load(text: str) -> None:
    """Import the library models that a document with this text may need."""
    _import(*_ALWAYS)
    for name in _ON_DEMAND:
        if name in text:
            _import(name)


@cache
def _import(*names: str) -> None:
    for name in names:
        import_module(f"peft_lint.library.{name}")
    # What was not found before may be there now.
    find.cache_clear()
    method_names.cache_clear()
