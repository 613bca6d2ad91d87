"""Names, attributes and items: how they are read and how they are assigned."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Hashable

from peft_lint.interpreter import calls, conditions, releases, shares
from peft_lint.interpreter.call import bare
from peft_lint.interpreter.joining import settle
from peft_lint.interpreter.objects import Body, Config, Handle, Instance, Node
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
    contained,
    derived,
    drawn_from,
    functions_in,
    key,
    literal,
    merged,
    same,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import registry

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine
    from peft_lint.interpreter.world import World

_BUILTINS = {text: Symbol(f"builtins.{text}") for text in dir(builtins)}
_THIS_MODULE = "__main__"
# What `globals()` gives.
MODULE_NAMES = Symbol(f"{_THIS_MODULE}.__dict__")
_MISSING = {"__name__": Literal((_THIS_MODULE,))}
_MODULES = Symbol("sys.modules")


def name(machine: Machine, text: str) -> Value:
    """Return what the name `text` is bound to here."""
    value = machine.world.lookup(machine.frame, text)
    if value is not None:
        return value
    if text in _MISSING:
        return _MISSING[text]
    return _BUILTINS.get(text, NOTHING_KNOWN)


def attribute(machine: Machine, owner: Value, text: str) -> Value:
    """Return `owner.text`."""
    if isinstance(owner, Symbol):
        if owner.name.rpartition(".")[2] == releases.ATTRIBUTE:
            # The text of a release, whose parts still depend on it.
            return Bound(owner, text)
        if owner.name == _THIS_MODULE:
            return _of_this_module(machine, text)
        attributes = machine.world.attributes
        assigned = attributes.get((owner, text)) if attributes else None
        return Symbol(f"{owner.name}.{text}") if assigned is None else assigned
    if isinstance(owner, Ref):
        state = machine.world.heap.get(owner.id)
        if state is None:
            # Kept alive by a default value or a class attribute only, and collected since.
            return NOTHING_KNOWN
        if isinstance(state, Instance):
            return _instance_attribute(machine, owner, state, text)
        return registry.attribute(machine, owner, state, text)
    if isinstance(owner, ClassValue):
        found = owner.find(text)
        if found is None or (_is_plain(found) and _is_assigned(machine, owner, text)):
            return derived("attribute", owner, text)
        return found
    if isinstance(owner, Super):
        return _super_attribute(machine, owner, text)
    if isinstance(owner, Unknown):
        attributes = machine.world.attributes
        assigned = attributes.get((key(owner), text)) if attributes else None
        if assigned is not None:
            return assigned
        if text in registry.UNKNOWN_METHODS:
            return Bound(owner, text)
        return derived("attribute", owner, text)
    return Bound(owner, text)


def _instance_attribute(machine: Machine, ref: Ref, state: Instance, text: str) -> Value:
    value = state.get(text)
    if value is not None:
        hooked = state.cls.hooked and _is_plain(value)
        return derived("attribute", ref, text) if hooked else value
    found = state.cls.find(text)
    if isinstance(found, Function):
        if found.role == "property":
            return calls.call_function(machine, found, bare(machine, found.node), ref)
        return found if found.role == "static" else Bound(ref, found)
    if text == "__dict__":
        # It may be written to.
        machine.world.put(ref.id, state.opened())
    if found is not None:
        unsure = (state.open or _is_field(state, text)) and not contained(found)
        unsure = unsure or (_is_plain(found) and _is_assigned(machine, state.cls, text))
        return derived("attribute", ref, text) if unsure else found
    if state.native is not None:
        native = Ref(state.native)
        return registry.attribute(machine, native, machine.world.heap[native.id], text)
    if registry.module_method(state.cls.library_bases(), text):
        return Bound(ref, text)
    return derived("attribute", ref, text)


def _of_this_module(machine: Machine, text: str) -> Value:
    """Return what `sys.modules[__name__]` has, of which any constant may be written to."""
    if text == "__dict__":
        forget_constants(machine, machine.world)
        return MODULE_NAMES
    found = machine.world.lookup(0, text)
    return derived("attribute", Symbol(_THIS_MODULE), text) if found is None else found


def forget_constants(machine: Machine, world: World) -> None:
    """Know no constant of the module any more: some code may bind them by their texts."""
    for text, value in list(world.frames[0].variables.items()):
        if _is_plain(value):
            world.bind(0, text, machine.fresh(machine.document.tree, text))


def _is_plain(value: Value) -> bool:
    """Return whether a value is one of the text, in which there is no object."""
    return isinstance(value, (Literal, Items, Entries)) and not contained(value)


def _is_assigned(machine: Machine, cls: ClassValue, text: str) -> bool:
    """Return whether an attribute of a class may be another by now: `Settings.rank = 8`."""
    document = machine.document
    if cls.hooked or text in document.outline.assigned.names:
        return True
    return "setattr" in document.outline.vocabulary and any(
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "setattr"
        and any(getattr(one, "id", "") in ("cls", cls.node.name) for one in node.args[:1])
        for node in document.nodes
    )


def _is_field(state: Instance, text: str) -> bool:
    """Return whether an attribute of the class may be set by a constructor out of view."""
    return state.cls.is_field(text) and not registry.module_method(state.cls.library_bases(), "to")


def _super_attribute(machine: Machine, owner: Super, text: str) -> Value:
    for base in owner.owner.bases:
        if isinstance(base, ClassValue):
            found = base.find(text)
            if isinstance(found, Function):
                return Bound(owner.ref, found)
    return Bound(owner, text)


def item(machine: Machine, owner: Value, index: Value) -> Value:
    """Return `owner[index]`."""
    place = literal(index)
    if isinstance(owner, Items):
        if owner.exact and isinstance(place, int):
            inside = -len(owner.items) <= place < len(owner.items)
            return owner.items[place] if inside else NOTHING_KNOWN
        if len(owner.items) == 1:
            return owner.items[0] if owner.exact else _one_of(machine, owner.items[0], index)
    elif isinstance(owner, Entries):
        found = owner.get(place) if isinstance(place, str) else None
        if found is not None:
            return found
        if len(owner.items) == 1 and not owner.exact:
            return _one_of(machine, owner.items[0][1], index)
    elif isinstance(owner, Unknown):
        attributes = machine.world.attributes
        assigned = attributes.get((key(owner), f"[{place!r}]")) if attributes else None
        return derived("item", owner, index) if assigned is None else assigned
    elif isinstance(owner, Bound):
        # A layer of a model is a part of it, whichever it is.
        return Bound(owner, "item")
    elif owner == _MODULES and index == _MISSING["__name__"]:
        return Symbol(_THIS_MODULE)
    elif owner == MODULE_NAMES and isinstance(place, str):
        return _of_this_module(machine, place)
    elif not contained(owner):
        return derived("item", owner, index)
    # One of several, and the text does not say which: what happens to it happens to any.
    return _any_of(machine, owner)


def _any_of(machine: Machine, owner: Value) -> Value:
    """Return one of what a container holds; who calls one of its functions may call any."""
    machine.escape(owner)
    functions = any(True for _ in functions_in(owner))
    return derived("item", owner, "any") if functions else NOTHING_KNOWN


def _one_of(machine: Machine, value: Value, index: Value) -> Value:
    """Return what a container holds under an index, where `value` stands for each in it.

    It is the first one that the code asks for; under another index there is another object.
    """
    held = contained(value)
    if held:
        owner = ("each", held)
        first = machine.world.attributes.get((owner, "index"))
        if first is None:
            machine.world.set_attribute(owner, "index", index)
        elif index is NOTHING_KNOWN or not same(first, index):
            machine.escape(value)
            return NOTHING_KNOWN
    return value


# A display of this many items is walked item by item.
_MAX_UNROLLED = 3


def rounds(machine: Machine, iterable: Value) -> list[Value] | None:
    """Return the items of a short display, or the one of `paths[:1]`, None for anything else."""
    if isinstance(iterable, Items) and iterable.exact and len(iterable.items) <= _MAX_UNROLLED:
        return list(iterable.items)
    if isinstance(iterable, Entries) and iterable.exact and len(iterable.items) <= _MAX_UNROLLED:
        return [Literal((name,)) for name, _ in iterable.items]
    match iterable:
        case Unknown(origin=("item", _, ("slice", low, ("literal", ((_, int(end)),)), _))):
            start = low[1][0][1] if isinstance(low, tuple) and low[0] == "literal" else None
            if end - (start or 0) == 1:
                return [element(machine, iterable)]
    return None


def one_of_each(iterable: Value) -> list[Value] | None:
    """Return the round that stands for all where a loop meets each object once, else None.

    What was made in a comprehension or a loop is one of several: no round meets it again.
    """
    if isinstance(iterable, Items) and len(iterable.items) == 1 and contained(iterable):
        return list(iterable.items)
    if isinstance(iterable, Entries) and len(iterable.items) == 1 and contained(iterable):
        return [NOTHING_KNOWN]
    return None


def element(machine: Machine, iterable: Value) -> Value:
    """Return what a loop over `iterable` binds, when the rounds are not told apart."""
    if isinstance(iterable, Items) and len(iterable.items) == 1:
        return iterable.items[0]
    named = isinstance(iterable, Unknown) and iterable.origin is not None
    if named or isinstance(iterable, Symbol):
        statement = machine.statement
        visit = machine.visits.get(statement, 0) if statement else 0
        known = iterable if isinstance(iterable, Unknown) else NOTHING_KNOWN
        return Unknown(("element", key(iterable), visit), known.handles, known.depth + 1)
    if isinstance(iterable, Bound):
        return Bound(iterable, "item")
    return _any_of(machine, iterable)


def another(value: Value) -> Value:
    """Return another element of what one was taken from."""
    if isinstance(value, Items):
        return value._replace(items=tuple(map(another, value.items)))
    if isinstance(value, Unknown) and value.origin is not None:
        return Unknown(("another", value.origin), value.handles, value.depth)
    return value


def collection(
    machine: Machine, iterable: Value, node: ast.AST, lazy: bool, each: str = ""
) -> Unknown:
    """Return what a comprehension, `list` or `filter` makes of something unknown.

    Of the parameters of a model, it is a list that has those of the adapters of that moment;
    a generator has those of the moment at which it is used. `each` is "none" where it is empty,
    because none of them can be trained, "true" or "false" where this is so of all it has.
    """
    fresh = machine.fresh(node)
    number = drawn_from(iterable)
    handle = machine.world.heap.get(number) if number is not None else None
    if not isinstance(iterable, Unknown) or not isinstance(handle, Handle):
        return fresh
    picks = any(getattr(inner, "attr", None) == "requires_grad" for inner in ast.walk(node))
    before = iterable.origin
    moment: Hashable = "lazy"
    if isinstance(before, tuple) and before[0] == "collected" and before[2] != "lazy":
        moment = before[2]
    elif not lazy:
        moment = held_by(machine.world.body(handle), picks)
    origin = ("collected", before, moment, picks, fresh.origin, each or each_of(machine, iterable))
    return Unknown(origin, iterable.handles, 1)


def each_of(machine: Machine, value: Value) -> str:
    """Return what is known of each that was collected of a model's parameters, as it is used."""
    match value:
        case Unknown(origin=("collected", _, moment, _, _, str(each))):
            changed = shares.is_any_trained(machine.world, drawn_from(value)) is None
            return "" if moment == "lazy" and changed else each
    return ""


def held_by(body: Body, picks: bool) -> tuple[tuple[Node, ...], tuple[Node, ...]] | None:
    """Return which adapters a list of a model's parameters has, and which it left out.

    `picks` when it has only those that can be trained; None where the adapters are not known.
    """
    adapters = body.adapters
    if adapters is None:
        return None
    out = tuple(one.node for one in adapters if picks and one.trainable is False)
    return tuple(one.node for one in adapters if one.node not in out), out


def bind(machine: Machine, text: str, value: Value) -> None:
    """Bind a name in the frame that Python would bind it in."""
    frame = machine.frame
    if frame and machine.context.functions:
        outer, enclosing = machine.code.declared(machine.context.functions[-1])
        if text in outer:
            frame = 0
        elif text in enclosing:
            frame = machine.world.home(frame, text)
    machine.world.bind(frame, text, value)


def assign(machine: Machine, target: ast.expr, value: Value) -> None:
    """Assign `value` to a target expression."""
    if isinstance(target, ast.Name):
        bind(machine, target.id, value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(machine, target.elts, value)
    elif isinstance(target, ast.Attribute):
        set_attribute(machine, machine.eval(target.value), target.attr, value, target)
    elif isinstance(target, ast.Subscript):
        _set_item(machine, machine.eval(target.value), machine.eval(target.slice), value)
    elif isinstance(target, ast.Starred):
        assign(machine, target.value, NOTHING_KNOWN)


def _unpack(machine: Machine, targets: list[ast.expr], value: Value) -> None:
    starred = any(isinstance(one, ast.Starred) for one in targets)
    if (
        isinstance(value, Items)
        and value.exact
        and len(value.items) == len(targets)
        and not starred
    ):
        for target, part in zip(targets, value.items, strict=True):
            assign(machine, target, part)
        return
    machine.escape(value)
    for index, target in enumerate(targets):
        part = derived("item", value, str(index)) if isinstance(value, Unknown) else NOTHING_KNOWN
        assign(machine, target, part)


def set_attribute(
    machine: Machine, owner: Value, text: str, value: Value, target: ast.expr
) -> None:
    """Do `owner.text = value`."""
    if isinstance(owner, Ref):
        state = machine.world.heap.get(owner.id)
        if state is None:
            machine.escape(value)
        elif isinstance(state, Instance) and text == "__dict__":
            machine.world.put(owner.id, state.opened())
        elif isinstance(state, Instance) and (setter := state.cls.find(f"{text}.setter")):
            _run_setter(machine, owner, setter, bare(machine, target)._replace(args=(value,)))
        elif isinstance(state, (Instance, Config)):
            machine.world.put(owner.id, state.with_attribute(text, value))
        else:
            registry.assign_attribute(machine, owner, state, text, value, target)
    elif isinstance(owner, Unknown) and owner.origin is not None:
        hook = registry.UNKNOWN_ASSIGNMENTS.get(text)
        if hook is not None:
            hook(machine, owner, value, target)
        machine.world.set_attribute(key(owner), text, value)
    else:
        registry.assign_part(machine, owner, text, value, target)
        if isinstance(owner, Symbol):
            _set_of_module(machine, owner, text, value, target)


def _set_of_module(
    machine: Machine, owner: Symbol, text: str, value: Value, target: ast.expr
) -> None:
    """Remember that an attribute of a module is another, which any code may mend or replace."""
    new = machine.fresh(target, text)
    known = conditions.known_truth(machine, value, machine.world)
    if known is not None:
        conditions.learn(new, known, machine.world)
    machine.world.set_attribute(owner, text, new)
    if owner.name == _THIS_MODULE:
        machine.world.bind(0, text, new)


def _run_setter(machine: Machine, ref: Ref, setter: Value, call: Call) -> None:
    """Run the setter of a property, on all its outcomes at once."""
    if isinstance(setter, Function) and setter.node not in machine.context.functions:
        results = calls.outcomes(machine, setter, call, ref)
        machine.world = settle([world for _, world in results] or [machine.world], limit=1)[0]


def _set_item(machine: Machine, owner: Value, index: Value, value: Value) -> None:
    place = literal(index)
    if isinstance(owner, Entries) and isinstance(place, str):
        entries = (*owner.items, (place, value))
        machine.world.replace_value(owner, owner._replace(items=entries))
    elif isinstance(owner, Unknown) and owner.origin is not None and place is not None:
        machine.world.set_attribute(key(owner), f"[{place!r}]", value)
    elif isinstance(owner, Entries) and contained(value):
        # Under a key that is not known: it may be that of any.
        changed = owner.overwritten()
        entries = (*changed.items, (f"<{len(owner.items)}>", value))
        machine.world.replace_value(owner, changed._replace(items=entries))
    else:
        if isinstance(owner, (Items, Entries)):
            machine.world.replace_value(owner, owner.overwritten())
        elif contained(owner):
            machine.escape(owner)
        machine.escape(value)


def _last(args: tuple[Value, ...]) -> Value:
    """Return which item `pop` takes: the last one unless it is told another."""
    return args[0] if args else Literal((-1,))


def change_container(machine: Machine, owner: Items | Entries, method: str, call: Call) -> Value:
    """Call a method of a list, tuple, set or dict display; a None that it gives is its call's."""
    args, node = call.args, call.node
    if isinstance(owner, Entries):
        if method == "get" and args:
            place = literal(args[0], ...)
            if place is ...:
                # The key may be any of them, or none.
                return item(machine, owner, args[0])
            found = owner.get(str(place))
            default = args[1] if len(args) > 1 else Literal((None,))
            return found if found is not None else default if owner.exact else NOTHING_KNOWN
        if method in ("items", "values"):
            values = tuple(
                value if method == "values" else Items("tuple", (Literal((name_,)), value))
                for name_, value in owner.items
            )
            return Items("list", values, owner.exact)
        given = args[0] if len(args) == 1 else Entries(())
        if method == "update" and len(args) < 2 and isinstance(given, Entries):
            named = Entries(call.keywords, call.complete)
            machine.world.replace_value(owner, merged(merged(owner, given), named))
            return Literal((None,), node)
    elif method in ("append", "add") and len(args) == 1:
        changed_items = owner._replace(items=(*owner.items, args[0]))
        machine.world.replace_value(owner, changed_items)
        return Literal((None,), node)
    elif method == "extend" and len(args) == 1 and isinstance(args[0], Items):
        items = owner.items + args[0].items
        exact = owner.exact and args[0].exact
        machine.world.replace_value(owner, owner._replace(items=items, exact=exact))
        return Literal((None,), node)
    elif method == "pop" and owner.exact and owner.items and literal(_last(args), ...) in (0, -1):
        at = literal(_last(args))
        left = owner.items[1:] if at == 0 else owner.items[:-1]
        machine.world.replace_value(owner, owner._replace(items=left))
        return owner.items[0 if at == 0 else -1]
    elif method in ("index", "count"):
        return NOTHING_KNOWN
    if method not in ("keys", "copy"):
        machine.world.replace_value(owner, owner.overwritten())
        machine.escape(owner)
        for arg in args:
            if contained(arg):
                machine.escape(arg)
    return NOTHING_KNOWN
