"""Builtin functions: the few that give a tracked object on, and all others, which do no harm."""

from __future__ import annotations

from collections.abc import Callable

from peft_lint import knowledge
from peft_lint.interpreter import access, calls, classes, conditions, containers
from peft_lint.interpreter.objects import Config, Handle, Instance, Kind
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    ClassValue,
    Entries,
    Function,
    Items,
    Literal,
    Ref,
    Super,
    Symbol,
    Unknown,
    Value,
    derived,
    drawn_from,
    literal,
    merged,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import registry

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine


def call(machine: Machine, name: str, arguments: Call) -> Value:
    """Call the builtin `name`."""
    model = _MODELS.get(name)
    if model is not None:
        return model(machine, arguments)
    if name == "input":
        return machine.fresh(arguments.node)
    return derived(name, *arguments.values())


def _super(machine: Machine, arguments: Call) -> Value:
    running = machine.context.functions
    first = _first_parameter(machine)
    if running and isinstance(first, Ref):
        owner = machine.code.owners.get(running[-1])
        if owner is not None:
            return Super(owner, first)
    return NOTHING_KNOWN


def _first_parameter(machine: Machine) -> Value | None:
    variables = machine.world.frames[machine.frame].variables
    return next(iter(variables.values()), None)


def _getattr(machine: Machine, arguments: Call) -> Value:
    name = arguments.constant(1, "name")
    if not arguments.args:
        return NOTHING_KNOWN
    if isinstance(name, str):
        default = arguments.args[2:3]
        if default and conditions.has(machine.world, arguments.args[0], name) is False:
            return default[0]
        return access.attribute(machine, arguments.args[0], name)
    machine.escape(arguments.args[0])
    return NOTHING_KNOWN


def _setattr(machine: Machine, arguments: Call) -> Value:
    """Model `setattr(owner, name, value)`, and `delattr`, after which nothing is known of it."""
    owner = arguments.args[0] if arguments.args else NOTHING_KNOWN
    model = registry.METHODS.get((Handle, f"{arguments.constant(1, 'name')}="))
    if model is not None and machine.world.handle(owner) is not None:
        value = arguments.args[2:3] or (NOTHING_KNOWN,)
        model(arguments._replace(receiver=owner, args=value, keywords=()))
        return Literal((None,))
    name = arguments.constant(1, "name")
    state = machine.world.state(owner)
    if isinstance(owner, Ref) and isinstance(state, Instance):
        known = isinstance(name, str) and len(arguments.args) > 2
        after = state.with_attribute(str(name), arguments.args[2]) if known else state.opened()
        machine.world.put(owner.id, after)
        if known:
            return Literal((None,))
    if isinstance(name, str) and isinstance(owner, (Unknown, Symbol)) and len(arguments.args) > 2:
        access.set_attribute(machine, owner, name, arguments.args[2], arguments.node)
        return Literal((None,))
    if owner == Symbol("__main__"):
        access.forget_constants(machine, machine.world)
    for value_ in arguments.args:
        machine.escape(value_)
    return Literal((None,))


def _sequence(kind: str) -> Callable[[Machine, Call], Value]:
    def model(machine: Machine, arguments: Call) -> Value:
        if not arguments.args:
            return Items(kind, ())
        value = arguments.args[0]
        if isinstance(value, Items):
            return Items(kind, value.items, value.exact, arguments.node)
        if drawn_from(value) is not None:
            return containers.collection(machine, value, arguments.node, lazy=False)
        return derived(kind, value)

    return model


def _range(machine: Machine, arguments: Call) -> Value:
    bounds = [literal(value) for value in arguments.args]
    if bounds in ([1], [0, 1]):
        return Items("list", (Literal((0,)),), node=arguments.node)
    return derived("range", *arguments.args)


def _enumerate(machine: Machine, arguments: Call) -> Value:
    inner = containers.element(machine, arguments.args[0]) if arguments.args else NOTHING_KNOWN
    return Items("list", (Items("tuple", (machine.fresh(arguments.node), inner)),), exact=False)


def _zip(machine: Machine, arguments: Call) -> Value:
    # Where another ends first, a loop does not meet all of a model's parameters.
    parts = tuple(
        derived("zipped", element) if drawn_from(element) is not None else element
        for element in (containers.element(machine, value) for value in arguments.args)
    )
    return Items("list", (Items("tuple", parts),), exact=False)


def _dict(machine: Machine, arguments: Call) -> Value:
    if len(arguments.args) == 1 and drawn_from(arguments.args[0]) is not None:
        return containers.collection(machine, arguments.args[0], arguments.node, lazy=False)
    entries = Entries((), True, arguments.node)
    for value in arguments.args:
        entries = merged(entries, value)
    return merged(entries, Entries(arguments.keywords, arguments.complete))


def _any(name: str, operator: str) -> Callable[[Machine, Call], Value]:
    def model(machine: Machine, arguments: Call) -> Value:
        value = arguments.args[0] if arguments.args else NOTHING_KNOWN
        if isinstance(value, Items) and value.exact and value.items:
            # One question, whichever way it is spelled.
            return derived(operator, *value.items)
        each = containers.each_of(machine, value)
        if each in ("none", str(name == "all").lower()):
            return Literal((name == "all",), arguments.node)
        return derived(name, *arguments.values())

    return model


def _counted(name: str, *nothing: str) -> Callable[[Machine, Call], Value]:
    """Model `len` and `sum`: zero where what they get is one of `nothing`."""

    def model(machine: Machine, arguments: Call) -> Value:
        value = arguments.args[0] if len(arguments.args) == 1 else NOTHING_KNOWN
        if containers.each_of(machine, value) in nothing:
            return Literal((0,), arguments.node)
        return derived(name, *arguments.values())

    return model


def _through(machine: Machine, arguments: Call) -> Value:
    return arguments.args[0] if arguments.args else NOTHING_KNOWN


def _exit(machine: Machine, arguments: Call) -> Value:
    """Leave the program, as `sys.exit` does."""
    return registry.call_symbol(machine, "sys.exit", arguments)


def _next(machine: Machine, arguments: Call) -> Value:
    if len(arguments.args) == 2 and containers.each_of(machine, arguments.args[0]) == "none":
        return arguments.args[1]
    return containers.element(machine, arguments.args[0]) if arguments.args else NOTHING_KNOWN


def _mapped(*, keeps: bool) -> Callable[[Machine, Call], Value]:
    """Model `map`, and `filter`, which keeps what its function holds true."""

    def model(machine: Machine, arguments: Call) -> Value:
        each = ""
        if len(arguments.args) == 2 and isinstance(arguments.args[0], (Function, Bound)):
            machine.escape(arguments.args[1])
        registry.hand_over(machine, arguments)
        function, *given = arguments.args or (NOTHING_KNOWN,)
        if isinstance(function, Function) and len(given) == 1 and drawn_from(given[0]) is not None:
            one = arguments._replace(args=(containers.element(machine, given[0]),))
            value = machine.choose(lambda: calls.outcomes(machine, function, one, None))
            if keeps and conditions.known_truth(machine, value, machine.world) is False:
                each = "none"
        last = arguments.args[-1] if arguments.args else NOTHING_KNOWN
        return containers.collection(machine, last, arguments.node, lazy=True, each=each)

    return model


def _vars(machine: Machine, arguments: Call) -> Value:
    if not arguments.args:
        return _locals(machine, arguments)
    value = arguments.args[0]
    state = machine.world.state(value)
    if isinstance(state, Config) and isinstance(value, Ref):
        # peft's text generation benchmark prints the configs that it compares.
        # What it gives is the config's own dictionary, which may be written to.
        machine.world.put(value.id, state._replace(reported=True, complete=False))
    elif isinstance(state, Instance) and isinstance(value, Ref):
        fields = classes.as_dict(machine, value, state)
        machine.world.put(value.id, state.opened())
        if fields is not None:
            return fields
    elif value == Symbol("__main__"):
        access.forget_constants(machine, machine.world)
    return derived("vars", *arguments.args)


def _exec(machine: Machine, arguments: Call) -> Value:
    """Model `exec(text)`: code out of view, which may use, rebind and seed whatever it likes.

    With names of its own (`exec(text, {})`) it has only those.
    """
    world = machine.world
    own = len(arguments.args) > 1 or any(word == "globals" for word, _ in arguments.keywords)
    for value in arguments.values():
        machine.escape(value)
    for frame in () if own else {machine.frame, 0}:
        for name, value in list(world.frames[frame].variables.items()):
            if not isinstance(value, (Symbol, Function, ClassValue)):
                machine.escape(value)
                world.bind(frame, name, machine.fresh(arguments.node, name))
    if world.seeded is False:
        world.seeded = None
    return Literal((None,))


def _globals(machine: Machine, arguments: Call) -> Value:
    """Model `globals()`, which may be written to: no constant of the module is sure any more."""
    access.forget_constants(machine, machine.world)
    return access.MODULE_NAMES


def _locals(machine: Machine, arguments: Call) -> Value:
    """Model `locals()`, and `vars()`: the names in a function, or those of the module."""
    if machine.frame == 0:
        return access.MODULE_NAMES
    return Entries(tuple(machine.world.frames[machine.frame].variables.items()), exact=False)


def _isinstance(machine: Machine, arguments: Call) -> Value:
    if len(arguments.args) != 2:
        return NOTHING_KNOWN
    value, kind = arguments.args
    if isinstance(kind, Symbol) and isinstance(value, Literal):
        wanted = {"builtins.str": str, "builtins.int": int, "builtins.bool": bool}.get(kind.name)
        constant = literal(value)
        if wanted is not None and constant is not None:
            return Literal((isinstance(constant, wanted),), arguments.node)
    handle = machine.world.handle(value)
    if handle is not None:
        kinds = kind.items if isinstance(kind, Items) else (kind,)
        answers = {is_instance(machine, handle, one) for one in kinds}
        if True in answers or answers == {False}:
            return Literal((True in answers,), arguments.node)
    asks = isinstance(kind, Symbol) and registry.canonical(kind.name) == "peft.PeftConfig"
    if asks and (handle is not None or isinstance(machine.world.state(value), Config)):
        # A helper that takes a model and a config in either order asks which is which.
        return Literal((handle is None,), arguments.node)
    return derived("isinstance", value, kind)


def is_instance(machine: Machine, handle: Handle, kind: Value) -> bool | None:
    """Return whether a handle is of a class that stands around models, None if unknown."""
    name = registry.canonical(kind.name) if isinstance(kind, Symbol) else ""
    if handle.kind is Kind.WRAPPER and name == literal(handle.settings):
        return True
    if not name.startswith(_PEFT_MODEL):
        return None
    # `if isinstance(pipe.unet, PeftModel)` decides how to load (peft's boft_dreambooth).
    if handle.kind is Kind.PEFT:
        task = knowledge.TASK_TYPES.get(name.removeprefix(f"{_PEFT_MODEL}For"))
        made_for = literal(handle.settings)
        # Where the task is out of view, who asks for a class of it knows what there is.
        return None in (task, made_for) or task == made_for
    known = handle.kind is Kind.PLAIN and machine.world.body(handle).adapters is not None
    return False if known else None


def _hasattr(machine: Machine, arguments: Call) -> Value:
    if len(arguments.args) != 2:
        return NOTHING_KNOWN
    value, name = arguments.args
    asked = literal(name)
    has = conditions.has(machine.world, value, asked) if isinstance(asked, str) else None
    return derived("hasattr", value, name) if has is None else Literal((has,), arguments.node)


def _callable(machine: Machine, arguments: Call) -> Value:
    value = arguments.args[0] if arguments.args else NOTHING_KNOWN
    known = conditions.known_truth(machine, value, machine.world)
    nothing = isinstance(value, Literal) and value.values == (None,)
    if nothing or (known and isinstance(value, Bound)):
        return Literal((not nothing,), arguments.node)
    return derived("callable", value)


# Also what the names of its subclasses, one for each task, begin with.
_PEFT_MODEL = "peft.PeftModel"
_MODELS: dict[str, Callable[[Machine, Call], Value]] = {
    "super": _super,
    "getattr": _getattr,
    "setattr": _setattr,
    "delattr": _setattr,
    "list": _sequence("list"),
    "tuple": _sequence("tuple"),
    "set": _sequence("set"),
    "sorted": _sequence("list"),
    "enumerate": _enumerate,
    "range": _range,
    "zip": _zip,
    "dict": _dict,
    "any": _any("any", "Or"),
    "all": _any("all", "And"),
    "len": _counted("len", "none"),
    "sum": _counted("sum", "none", "false"),
    "iter": _through,
    "reversed": _through,
    "next": _next,
    "map": _mapped(keeps=False),
    "filter": _mapped(keeps=True),
    "exec": _exec,
    "globals": _globals,
    "locals": _locals,
    "exit": _exit,
    "quit": _exit,
    "isinstance": _isinstance,
    "hasattr": _hasattr,
    "callable": _callable,
    "vars": _vars,
}
