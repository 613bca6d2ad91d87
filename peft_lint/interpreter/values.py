"""What an expression can evaluate to: immutable values, shared between worlds.

They are named tuples, as all records here: a frozen dataclass costs many times as much to
define, which every start of the program would pay for, and to make.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator, Mapping

from peft_lint.lean import TYPE_CHECKING, Record

if TYPE_CHECKING:
    from typing import TypeGuard

# Beyond this many joined alternatives a literal says nothing.
MAX_ALTERNATIVES = 4
# Origins nest (`args.model.name`); a deeper one would cost more than it tells.
MAX_ORIGIN_DEPTH = 6


class Unknown:
    """A value that the text does not determine.

    `origin` names how it was had (`("attribute", args, "resume")`): two unknowns of one
    origin are the same value, so a condition on one is remembered for the other.
    `handles` are the ids of the models whose output it was computed from.
    """

    __slots__ = ("depth", "handles", "origin")

    def __init__(
        self,
        origin: Hashable = None,
        handles: frozenset[int] = frozenset(),
        depth: int = 0,
    ) -> None:
        self.origin = origin
        self.handles = handles
        self.depth = depth

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Unknown) and self.origin is not None and self.origin == other.origin
        )

    def __hash__(self) -> int:
        return id(self) if self.origin is None else hash(self.origin)


# For results that nobody will ask about again; nothing is remembered of it.
NOTHING_KNOWN = Unknown()


class Literal(Record):
    """A constant of the text, or one of a few after a join, and where it stands."""

    values: tuple[object, ...]
    node: ast.expr | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and self[:1] == other[:1]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:1])

    @property
    def single(self) -> bool:
        """Whether there is just one alternative."""
        return len(self.values) == 1


class Items(Record):
    """A list, tuple or set display; `exact` when it holds just these items."""

    kind: str
    items: tuple[Value, ...]
    exact: bool = True
    node: ast.expr | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Items) and self[:3] == other[:3]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:3])

    def overwritten(self) -> Items:
        """Return it after a change that the text does not show."""
        return self._replace(exact=False)


class Entries(Record):
    """A dict display with literal string keys; `exact` when it holds just these."""

    items: tuple[tuple[str, Value], ...]
    exact: bool = True
    node: ast.expr | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entries) and self[:2] == other[:2]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:2])

    def get(self, key: str) -> Value | None:
        """Return the value of `key`, the last one written."""
        return next((value for name, value in reversed(self.items) if name == key), None)

    def overwritten(self) -> Entries:
        """Return it after a change that the text does not show; objects stay within reach."""
        items = ((name, value if contained(value) else NOTHING_KNOWN) for name, value in self.items)
        return self._replace(items=tuple(items), exact=False)


class Symbol(Record):
    """An imported dotted name, e.g. `peft.LoraConfig`, or a builtin: `builtins.len`."""

    name: str


class Function(Record):
    """A function or lambda of this document, with the frame it closes over.

    `contexts` are what its decorators put around a call, e.g. `("no_grad",)`. `role` is
    how it is reached as a class attribute: "method", "static", "class" or "property".
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    frame: int
    contexts: tuple[str, ...] = ()
    role: str = "method"
    defaults: tuple[Value, ...] = ()
    keyword_defaults: tuple[Value | None, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Function) and self[:4] == other[:4]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:4])


class ClassValue(Record):
    """A class of this document; `annotated` are the names its body annotates.

    `hooked` when code of its own, or out of view, decides what its attributes are.
    """

    node: ast.ClassDef
    frame: int
    bases: tuple[Value, ...]
    attributes: Mapping[str, Value]
    annotated: tuple[str, ...] = ()
    is_dataclass: bool = False
    hooked: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClassValue) and self[:2] == other[:2]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:2])

    def find(self, name: str) -> Value | None:
        """Return the attribute `name` of this class or of its bases in view."""
        if name in self.attributes:
            return self.attributes[name]
        for base in self.bases:
            if isinstance(base, ClassValue):
                found = base.find(name)
                if found is not None:
                    return found
        return None

    def is_field(self, name: str) -> bool:
        """Return whether what the class says of `name` may be the default of a field.

        That is so where a base out of view makes fields of annotations, as those of pydantic do.
        """
        foreign = any(not isinstance(base, ClassValue) for base in self.bases)
        if name in self.attributes:
            return name in self.annotated and foreign and not self.is_dataclass
        bases = (base for base in self.bases if isinstance(base, ClassValue))
        return any(base.is_field(name) for base in bases)

    def lineage(self) -> Iterator[ClassValue]:
        """Yield the class and its bases in view."""
        yield self
        for base in self.bases:
            if isinstance(base, ClassValue):
                yield from base.lineage()

    def fields(self) -> tuple[str, ...]:
        """Return the fields of a dataclass in the order of its constructor."""
        inherited = (base.fields() for base in self.bases if isinstance(base, ClassValue))
        own = self.annotated if self.is_dataclass else ()
        return tuple(dict.fromkeys((*(name for names in inherited for name in names), *own)))

    def library_bases(self) -> tuple[str, ...]:
        """Return the dotted names of the library classes it derives from."""
        names: list[str] = []
        for base in self.bases:
            if isinstance(base, Symbol):
                names.append(base.name)
            elif isinstance(base, ClassValue):
                names += base.library_bases()
        return tuple(names)


class Ref(Record):
    """A tracked object or an instance: the id of its state in a world's heap."""

    id: int


class Bound(Record):
    """An attribute of a receiver that has not been called yet.

    `function` is a Function of the document, or the name of a library method.
    """

    receiver: Value
    function: Function | str


class Partial(Record):
    """What `functools.partial` makes of something of the document that can be called."""

    function: Value
    args: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]


def literal(value: Value | None, default: object = None) -> object:
    """Return the one constant that `value` is, else `default`."""
    if isinstance(value, Literal) and len(value.values) == 1:
        return value.values[0]
    return default


def is_given(value: Value | None) -> TypeGuard[Value]:
    """Return whether an argument is there, and may be something else than None."""
    return value is not None and literal(value, ...) is not None


def truth(value: Value) -> bool | None:
    """Return whether `value` is true, None when the text does not say."""
    if isinstance(value, Literal):
        truths = {bool(item) for item in value.values}
        return truths.pop() if len(truths) == 1 else None
    if isinstance(value, (Items, Entries)):
        return bool(value.items) if value.exact or value.items else None
    # What another module calls `settings.args.push` may be anything.
    if isinstance(value, (Unknown, Symbol)):
        return None
    if isinstance(value, Bound) and isinstance(value.function, str):
        # An attribute of a library's object may as well be data.
        return None
    return True


def key(value: Value) -> Hashable:
    """Return what a condition on `value` is remembered under."""
    if isinstance(value, Unknown):
        return value if value.origin is None else value.origin
    if isinstance(value, Literal):
        return ("literal", tuple((type(item), item) for item in value.values))
    return value


def derived(kind: str, *parts: Value | str) -> Unknown:
    """Return the unknown that `kind` makes of `parts`, the same one for the same parts."""
    depth = 0
    handles: frozenset[int] = frozenset()
    named = True
    origin: list[Hashable] = [kind]
    for part in parts:
        if isinstance(part, Unknown):
            depth = max(depth, part.depth)
            if part.handles:
                handles |= part.handles
            named = named and part is not NOTHING_KNOWN
            origin.append(part if part.origin is None else part.origin)
        else:
            origin.append(part if isinstance(part, str) else key(part))
    if not named or depth >= MAX_ORIGIN_DEPTH:
        return Unknown(None, handles, 0)
    return Unknown(tuple(origin), handles, depth + 1)


def drawn_from(value: Value | None) -> int | None:
    """Return the id of the model whose parameters or modules a value was drawn from."""
    waiting = [value.origin] if isinstance(value, Unknown) else []
    while waiting:
        origin = waiting.pop()
        if isinstance(origin, tuple):
            if len(origin) == 2 and origin[0] == "parameters" and isinstance(origin[1], int):
                return origin[1]
            waiting += reversed(origin)
    return None


def same(left: Value, right: Value) -> bool:
    """Return whether two values of two worlds are the same one."""
    return left is right or (type(left) is type(right) and left == right)


def joined(left: Value, right: Value) -> Value:
    """Return what is known of a value that is `left` on one world and `right` on another."""
    if same(left, right):
        return left
    if isinstance(left, Literal) and isinstance(right, Literal):
        known = {(type(item), item) for item in left.values}
        extra = tuple(item for item in right.values if (type(item), item) not in known)
        if len(left.values) + len(extra) <= MAX_ALTERNATIVES:
            return Literal(left.values + extra, left.node)
    for value in (left, right):
        if isinstance(value, ContextManager) and value.ref is not None:
            return ContextManager("perhaps", value.ref)
    handles: frozenset[int] = frozenset()
    for value in (left, right):
        if isinstance(value, Unknown):
            handles |= value.handles
    return Unknown(None, handles)


# What most values are: they give access to nothing.
INERT = frozenset((Unknown, Literal, Symbol))


def contained(value: Value) -> tuple[int, ...]:
    """Return the ids of the objects that `value` gives access to."""
    if value.__class__ in INERT:
        return ()
    if isinstance(value, Ref):
        return (value.id,)
    if isinstance(value, Items):
        return tuple(ref for item in value.items for ref in contained(item))
    if isinstance(value, Entries):
        return tuple(ref for _, item in value.items for ref in contained(item))
    if isinstance(value, Bound):
        return contained(value.receiver)
    if isinstance(value, Partial):
        held = (value.function, *value.args, *(item for _, item in value.keywords))
        return tuple(ref for item in held for ref in contained(item))
    return ()


def merged(old: Entries, new: Value) -> Entries:
    """Return what `{**old, **new}` holds; what the text does not show of `new` may be any key."""
    exact = isinstance(new, Entries) and new.exact
    kept = old if exact else old.overwritten()
    added = new.items if isinstance(new, Entries) else ()
    return Entries((*kept.items, *added), exact and old.exact, old.node)


def functions_in(value: Value) -> Iterator[ast.AST]:
    """Yield the functions of the document that who has `value` can call."""
    if isinstance(value, Function):
        yield value.node
    elif isinstance(value, (Bound, Partial)) and not isinstance(value.function, str):
        yield from functions_in(value.function)
    elif isinstance(value, Items):
        for item in value.items:
            yield from functions_in(item)
    elif isinstance(value, Entries):
        for _, item in value.items:
            yield from functions_in(item)


def replaced(value: Value, old: Value, new: Value) -> Value:
    """Return `value`, in which the very object `old` is `new`; it itself where it is not held."""
    if value is old:
        return new
    if isinstance(value, Items):
        items = tuple(replaced(item, old, new) for item in value.items)
        same = all(one is other for one, other in zip(items, value.items, strict=True))
        return value if same else value._replace(items=items)
    if isinstance(value, Entries):
        entries = tuple((name, replaced(item, old, new)) for name, item in value.items)
        pairs = zip(entries, value.items, strict=True)
        return value if all(a[1] is b[1] for a, b in pairs) else value._replace(items=entries)
    return value


class Super(Record):
    """What `super()` gives in a method: the next classes of `owner`, for the object `ref`."""

    owner: ClassValue
    ref: Ref


class ContextManager(Record):
    """What a library call gives to `with`: `no_grad`, or `disable_adapter` of a handle.

    "closing" ends with the method `close` of an object of the document.

    "perhaps" is `disable_adapter` on one side of a join, and something else on the other.
    """

    kind: str
    ref: Ref | None = None


# Anything a name can be bound to.
Value = (
    Unknown
    | Literal
    | Items
    | Entries
    | Symbol
    | Function
    | ClassValue
    | Ref
    | Bound
    | Partial
    | Super
    | ContextManager
)
