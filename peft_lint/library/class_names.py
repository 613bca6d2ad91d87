"""Tests of a model's class by its name: `type(model).__name__ == "PeftModel"`, as `isinstance`."""

from __future__ import annotations

from collections.abc import Hashable

from peft_lint import knowledge
from peft_lint.interpreter.objects import PEFT_MODELS, Fact, Handle, Kind, State
from peft_lint.interpreter.values import Items, Literal, Ref, Value, derived, literal
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library.registry import NAME_TESTS, attribute_of

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine
    from peft_lint.interpreter.world import World

_CLASSES = {task: f"PeftModelFor{name}" for name, task in knowledge.TASK_TYPES.items()}


@attribute_of(Handle, "__class__")
def _class(machine: Machine, ref: Ref, state: State) -> Value:
    return derived("type", ref)


def decided(condition: Hashable, world: World) -> Fact:
    """Return whether a test of the name of a model's class holds, None where nobody knows."""
    match condition:
        case ("==" as test, ("attribute", ("type", Ref() as model), "__name__"), right):
            texts = _texts(right)
        case ("in" as test, ("attribute", ("type", Ref() as model), "__name__"), right):
            # One of several: they are compared with it.
            test, texts = "==", _texts(right)
        case ("==" | "in" as test, left, ("attribute", ("type", Ref() as model), "__name__")):
            texts = _texts(left)
        case _:
            return None
    handle = world.handle(model)
    if handle is None or not texts:
        return None
    answers = {_holds(test, text, handle, world) for text in texts}
    return True if True in answers else None if None in answers else False


NAME_TESTS.append(decided)


def _texts(operand: Hashable) -> list[str]:
    """Return the text, or the texts of a display, that a name is compared with."""
    match operand:
        case Items(items=items, exact=True):
            found = [literal(one) for one in items]
            texts = [one for one in found if isinstance(one, str)]
            return texts if len(texts) == len(found) else []
        case ("literal", ((_, str(text)),)):
            return [text]
    return []


def _holds(test: str, text: str, handle: Handle, world: World) -> Fact:
    if "Peft" not in text:
        # A compiled or parallel form of the model has a class of its own.
        return None
    if handle.kind is Kind.PLAIN and world.body(handle).adapters is not None:
        return False
    if handle.kind not in PEFT_MODELS:
        return None
    name = "PeftMixedModel" if handle.kind is Kind.MIXED else None
    if name is None and isinstance(handle.settings, Literal):
        name = _CLASSES.get(str(literal(handle.settings)))
    if name is not None:
        return text == name if test == "==" else text in name
    # Its task is not known: who asks for a class of its kind means the one that it has.
    return text.startswith("PeftModel") or (test == "in" and text in "PeftModel")
