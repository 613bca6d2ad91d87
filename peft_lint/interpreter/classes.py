"""Classes of the document: instances, their methods, and what their library bases add."""

from __future__ import annotations

import ast

from peft_lint.interpreter import access, calls
from peft_lint.interpreter.call import bare
from peft_lint.interpreter.joining import settle
from peft_lint.interpreter.objects import Instance
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    ClassValue,
    Entries,
    Function,
    Ref,
    Super,
    Value,
    contained,
)
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import registry

if TYPE_CHECKING:
    from peft_lint.interpreter.call import Call
    from peft_lint.interpreter.machine import Machine


def instantiate(machine: Machine, cls: ClassValue, call: Call) -> Value:
    """Make an object of a class of the document and run its `__init__`."""
    ref = machine.world.add(Instance(cls, call.node))
    machine.instantiated.add(cls.node)
    init = cls.find("__init__")
    if isinstance(init, Function):
        calls.call_function(machine, init, call, ref)
    elif names := cls.fields():
        fields = [name for name in names if name not in dict(call.keywords)]
        given = (*zip(fields, call.args, strict=False), *call.keywords)
        if not call.complete:
            machine.world.put(ref.id, Instance(cls, call.node).opened())
        for name, value in given:
            set_attribute(machine, ref, name, value)
        after = cls.find("__post_init__")
        if isinstance(after, Function):
            # What it is given besides are fields that the object does not keep.
            called = bare(machine, call.node)._replace(complete=False)
            calls.call_function(machine, after, called, ref)
    else:
        construct_base(machine, ref, cls, call)
    return ref


def as_dict(machine: Machine, ref: Ref, state: Instance) -> Entries | None:
    """Return the fields of an object of a dataclass in view by their names, else None."""
    cls = state.cls
    plain = all(one.is_dataclass and not _declares_others(one) for one in cls.lineage())
    if cls.library_bases() or not plain or state.open:
        return None
    fields = ((name, access.attribute(machine, ref, name)) for name in cls.fields())
    return Entries(tuple((name, NOTHING_KNOWN if contained(of) else of) for name, of in fields))


def _declares_others(cls: ClassValue) -> bool:
    """Return whether a class annotates what is no field of its objects."""
    notes = (one.annotation for one in cls.node.body if isinstance(one, ast.AnnAssign))
    names = {"ClassVar", "InitVar"}
    return any(
        getattr(part, "id", None) in names or getattr(part, "attr", None) in names
        for note in notes
        for part in ast.walk(note)
    )


def set_attribute(machine: Machine, ref: Ref, name: str, value: Value) -> None:
    """Set an attribute of an object of the document."""
    state = machine.world.heap[ref.id]
    assert isinstance(state, Instance)
    machine.world.put(ref.id, state.with_attribute(name, value))


def construct_base(machine: Machine, ref: Ref, cls: ClassValue, call: Call) -> None:
    """Let the library base class of `cls`, if it has one, make its part of the object."""
    for name in cls.library_bases():
        value = registry.call_symbol(machine, name, call)
        if isinstance(value, Ref):
            state = machine.world.heap[ref.id]
            assert isinstance(state, Instance)
            machine.world.put(ref.id, state._replace(native=value.id))
            return
    for value in call.values():
        machine.escape(value)


def call_super(machine: Machine, receiver: Super, name: str, call: Call) -> Value:
    """Call a method that only the library base classes have."""
    state = machine.world.heap[receiver.ref.id]
    assert isinstance(state, Instance)
    if name == "__init__":
        if registry.module_method(receiver.owner.library_bases(), "train"):
            return NOTHING_KNOWN
        construct_base(machine, receiver.ref, receiver.owner, call)
        return NOTHING_KNOWN
    if state.native is not None:
        native = Ref(state.native)
        return registry.call_method(machine, native, machine.world.heap[native.id], name, call)
    return call_module_method(machine, receiver.ref, state, name, call)


def call_module_method(machine: Machine, ref: Ref, state: Instance, name: str, call: Call) -> Value:
    """Call a method that an object of the document has from `torch.nn.Module`."""
    if name in ("train", "eval", "to", "cuda", "cpu", "half", "float", "bfloat16"):
        for value in state.attributes.values():
            inner = machine.world.state(value)
            if isinstance(inner, Instance):
                if registry.module_method(inner.cls.library_bases(), name):
                    assert isinstance(value, Ref)
                    call_module_method(machine, value, inner, name, call)
            elif isinstance(value, Ref) and inner is not None:
                part = call._replace(receiver=value)
                registry.call_method(machine, value, inner, name, part)
        return ref
    if name in ("requires_grad_", "load_state_dict", "apply", "freeze") or _is_foreign(state):
        _let_go(machine, state)
    for value in call.values():
        machine.escape(value)
    return machine.fresh(call.node)


def call_inherited(machine: Machine, state: Instance) -> None:
    """Call a method that no class in view has: one of a base out of view may change all parts."""
    if _is_foreign(state):
        _let_go(machine, state)


def _is_foreign(state: Instance) -> bool:
    return registry.is_out_of_view(state.cls.library_bases())


def _let_go(machine: Machine, state: Instance) -> None:
    for value in state.attributes.values():
        machine.escape(value)


def call_instance(machine: Machine, ref: Ref, state: Instance, call: Call) -> Value:
    """Call an object of the document: its `__call__`, or `forward` of a module."""
    for name in ("__call__", "forward"):
        found = state.cls.find(name)
        if isinstance(found, Function):
            return calls.call_function(machine, found, call, ref)
    return calls.call_unknown(machine, ref, call)


def run_hook(machine: Machine, ref: Ref, name: str) -> Value:
    """Run a method that a statement calls by itself, on all its outcomes at once."""
    state = machine.world.heap.get(ref.id)
    found = state.cls.find(name) if isinstance(state, Instance) else None
    if not isinstance(found, Function) or found.node in machine.context.functions:
        return NOTHING_KNOWN
    call = bare(machine, found.node)._replace(complete=False)
    results = calls.outcomes(machine, found, call, ref)
    if not results:
        return NOTHING_KNOWN
    machine.world = settle([world for _, world in results], limit=1)[0]
    return results[0][0] if len(results) == 1 else NOTHING_KNOWN


def methods(cls: ClassValue) -> list[Function]:
    """Return the methods that the class itself defines, in order."""
    return [value for value in cls.attributes.values() if isinstance(value, Function)]
