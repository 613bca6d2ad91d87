"""Containers: what is read from them, what stands for each thing in them, how they change."""

from __future__ import annotations

import ast
from collections.abc import Hashable

from peft_lint.interpreter import access, shares
from peft_lint.interpreter.objects import Body, Handle, Node
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    Entries,
    Items,
    Literal,
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

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine

_MODULES = Symbol("sys.modules")


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
    elif owner == _MODULES and place == access.THIS_MODULE:
        return Symbol(access.THIS_MODULE)
    elif owner == access.MODULE_NAMES and isinstance(place, str):
        return access.of_this_module(machine, place)
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


def set_item(machine: Machine, owner: Value, index: Value, value: Value) -> None:
    """Do `owner[index] = value`."""
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
