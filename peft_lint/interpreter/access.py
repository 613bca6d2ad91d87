"""Names and attributes: how they are read and how they are assigned."""

from __future__ import annotations

import ast
import builtins

from peft_lint.interpreter import calls, conditions, containers, releases
from peft_lint.interpreter.call import bare
from peft_lint.interpreter.joining import settle
from peft_lint.interpreter.objects import Config, Instance
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
    key,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import registry

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine
    from peft_lint.interpreter.world import World

_BUILTINS = {text: Symbol(f"builtins.{text}") for text in dir(builtins)}
THIS_MODULE = "__main__"
# What `globals()` gives.
MODULE_NAMES = Symbol(f"{THIS_MODULE}.__dict__")
_MISSING = {"__name__": Literal((THIS_MODULE,))}


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
        if owner.name == THIS_MODULE:
            return of_this_module(machine, text)
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


def of_this_module(machine: Machine, text: str) -> Value:
    """Return what `sys.modules[__name__]` has, of which any constant may be written to."""
    if text == "__dict__":
        forget_constants(machine, machine.world)
        return MODULE_NAMES
    found = machine.world.lookup(0, text)
    return derived("attribute", Symbol(THIS_MODULE), text) if found is None else found


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
        containers.set_item(machine, machine.eval(target.value), machine.eval(target.slice), value)
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
    if owner.name == THIS_MODULE:
        machine.world.bind(0, text, new)


def _run_setter(machine: Machine, ref: Ref, setter: Value, call: Call) -> None:
    """Run the setter of a property, on all its outcomes at once."""
    if isinstance(setter, Function) and setter.node not in machine.context.functions:
        results = calls.outcomes(machine, setter, call, ref)
        machine.world = settle([world for _, world in results] or [machine.world], limit=1)[0]
