"""A model's parameters by whose they are: a loop that freezes or unfreezes takes a round for each.

What a round does to its parameter, it does to all of the share that this one stands for.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Sequence

from peft_lint.interpreter.objects import Body, Fact, Handle, Kind, Node, agreed
from peft_lint.interpreter.values import Items, Unknown, Value
from peft_lint.interpreter.world import World
from peft_lint.lean import TYPE_CHECKING, Record

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine

# With more adapters than this a loop is run as any other.
_MAX_ADAPTERS = 2


class Share(Record):
    """Those parameters of the handle `model` that belong to `adapter`, None for all others."""

    model: int
    adapter: str | None


class Gradient(Record):
    """Whether the parameters of a share can be trained, and the step that froze them."""

    trainable: Fact
    frozen_by: Node | None


class Turn(Record):
    """One round of a loop: the share, and what the loop binds in it."""

    share: Share
    element: Value


def turns(machine: Machine, node: ast.AST, element: Value) -> list[Turn]:
    """Return the rounds in which a loop binds `element`, none where it is run as any other.

    One over parameters that freezes or unfreezes meets those of every adapter, and all others.
    """
    model = _model_of(element)
    handle = machine.world.heap.get(model) if model is not None else None
    if model is None or not isinstance(handle, Handle) or not _sets_gradients(machine, node):
        return []
    names: list[str | None] = [
        one.name
        for one in machine.world.body(handle).adapters or ()
        # Prompts are not among the parameters of the plain model.
        if one.in_place is not False or handle.kind is not Kind.PLAIN
    ]
    if len(names) > _MAX_ADAPTERS:
        return []
    shares = [Share(model, name) for name in (*names, None)]
    return [Turn(share, _standing_for(element, share)) for share in shares]


def _sets_gradients(machine: Machine, node: ast.AST) -> bool:
    reach = machine.code.reach(node)
    return reach.says("requires_grad_") or any(
        "requires_grad" in one.assigned for one in reach.parts
    )


def _model_of(element: Value) -> int | None:
    """Return the model of which a loop's element is any parameter, with or without its name."""
    if isinstance(element, Items):
        found = [number for item in element.items if (number := _model_of(item)) is not None]
        return found[0] if len(found) == 1 else None
    match element:
        case Unknown(origin=("element", ("parameters", int(number)), _)):
            return number
    return None


def _standing_for(element: Value, share: Share) -> Value:
    if isinstance(element, Items):
        return element._replace(items=tuple(_standing_for(one, share) for one in element.items))
    if _model_of(element) is None:
        return element
    assert isinstance(element, Unknown) and isinstance(element.origin, tuple)
    return Unknown((*element.origin, share), element.handles, element.depth)


def of_parameter(origin: Hashable) -> Share | None:
    """Return the share that a parameter stands for, None for every other value."""
    match origin:
        case ("item", inner, "1"):
            origin = inner
    match origin:
        case ("element", _, _, Share() as share):
            return share
    return None


def of_name(origin: Hashable) -> Share | None:
    """Return the share that a parameter's name stands for, None for every other value."""
    match origin:
        case ("item", ("element", _, _, Share() as share), "0"):
            return share
    return None


def leaves_early(loop: ast.For | ast.AsyncFor) -> bool:
    """Return whether a loop may end before it has met all that it goes through."""
    waiting: list[tuple[ast.AST, bool]] = [(one, True) for one in loop.body]
    while waiting:
        node, own = waiting.pop()
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
            return True
        if isinstance(node, ast.Break) and own:
            return True
        own = own and not isinstance(node, (ast.For, ast.AsyncFor, ast.While))
        waiting += [(one, own) for one in ast.iter_child_nodes(node)]
    return False


def carried(machine: Machine, loop: ast.For | ast.AsyncFor, world: World) -> dict[str, Value]:
    """Return what the names hold before a loop by which one round may tell the next something.

    The parameters of the shares take turns, so that what it tells is not known.
    """
    targets = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    known = (
        (name, world.lookup(machine.frame, name))
        for name in sorted(machine.code.bound(loop) - targets)
    )
    return {name: value for name, value in known if value is not None}


def gradient(world: World, share: Share) -> Gradient:
    """Return whether a share can be trained."""
    handle = world.heap.get(share.model)
    if not isinstance(handle, Handle):
        return Gradient(None, None)
    body = world.body(handle)
    if share.adapter is None:
        return Gradient(body.others, None)
    adapter = body.adapter(share.adapter)
    return Gradient(adapter.trainable, adapter.frozen_by) if adapter else Gradient(None, None)


def set_gradient(world: World, share: Share, new: Gradient) -> None:
    """Let a share be trained or not."""
    handle = world.heap.get(share.model)
    if isinstance(handle, Handle):
        body = world.body(handle)
        world.put(handle.body, _changed(body, share.adapter, new))


def _changed(body: Body, name: str | None, new: Gradient) -> Body:
    if name is None:
        return body._replace(others=new.trainable)
    adapters = tuple(
        one._replace(trainable=new.trainable, frozen_by=new.frozen_by) if one.name == name else one
        for one in body.adapters or ()
    )
    return body if body.adapters is None else body._replace(adapters=adapters)


def can_be_trained(world: World, share: Share) -> Fact:
    """Return whether all parameters of a share can be trained, or none can."""
    found = gradient(world, share).trainable
    # The base may have had frozen ones among its own from the start.
    return None if share.adapter is None and found else found


def is_any_trained(world: World, model: int | None) -> Fact:
    """Return False where no parameter of a model can be trained, else None: one may be."""
    return False if model is not None and are_all(world, model, False) else None


def are_all(world: World, model: int, on: Fact) -> bool:
    """Return whether all parameters of a model can be trained, or none can, as `on` says."""
    handle = world.heap.get(model)
    body = world.body(handle) if isinstance(handle, Handle) else None
    if body is None or on is None or body.others is not on:
        return False
    return all(one.trainable is on for one in body.adapters or ())


def close(ends: Sequence[World], share: Share, before: Gradient, sure: bool = True) -> None:
    """End a round: its worlds say the same of the share, and nothing more of one parameter.

    Where they differ, a condition decides that is true of some of its parameters only. They
    may be as before where the round is not `sure` to have been run to its end.
    """
    found = [gradient(world, share) for world in ends]
    if not sure:
        found.append(before)
    if len(set(found)) > 1:
        for world in ends:
            set_gradient(world, share, _joined(found, before))
    for world in ends:
        facts = {key: holds for key, holds in world.facts.items() if not _mentions(key)}
        attributes = {
            place: value for place, value in world.attributes.items() if not _mentions(place[0])
        }
        world.with_parts(world.frames, facts, attributes)


def _joined(found: list[Gradient], before: Gradient) -> Gradient:
    first, *rest = found
    trainable = first.trainable
    for one in rest:
        trainable = agreed(trainable, one.trainable)
    if trainable is not False:
        return Gradient(trainable, None)
    return before if before.trainable is False else first


def _mentions(condition: Hashable) -> bool:
    """Return whether a condition or an owner is of a parameter that stands for a share."""
    waiting = [condition]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Share):
            return True
        if isinstance(one, tuple):
            waiting += one
    return False
