"""Worlds that agree become one; too many worlds are made to."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

from peft_lint.interpreter.objects import (
    Adapter,
    Body,
    Handle,
    Instance,
    State,
    Weights,
    agreed,
)
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Symbol,
    Unknown,
    Value,
    contained,
    joined,
    same,
)
from peft_lint.interpreter.world import Frame, World

MAX_WORLDS = 16


def settle(worlds: list[World], limit: int = MAX_WORLDS) -> list[World]:
    """Merge worlds whose tracked state agrees, then reduce them to `limit`."""
    if len(worlds) < 2:
        return list(worlds)
    kept: list[World] = []
    for world in worlds:
        for index, other in enumerate(kept):
            if other is world:
                break
            if agree(other, world):
                kept[index] = merge(other, world)
                break
        else:
            kept.append(world)
    while len(kept) > limit:
        kept = _drop_oldest_condition(kept)
    return kept


def _drop_oldest_condition(worlds: list[World]) -> list[World]:
    """Join the worlds that only the oldest condition kept apart, or else the first two."""
    first = worlds[0]
    known = first.facts
    apart: dict[Hashable, World] = {}
    for other in worlds[1:]:
        facts = other.facts
        differing = [key for key, holds in known.items() if facts.get(key) != holds]
        if len(differing) == 1 and differing[0] in facts:
            apart.setdefault(differing[0], other)
    chosen = next((apart[condition] for condition in known if condition in apart), worlds[1])
    return [merge(first, chosen), *(one for one in worlds[1:] if one is not chosen)]


def agree(left: World, right: World) -> bool:
    """Return whether two worlds have the same tracked state, and the same names for it."""
    # Whether it is seeded keeps no two worlds apart: a rule asks all of them at once.
    if left.heap is not right.heap and not _same_heaps(left.heap, right.heap):
        return False
    if left.attributes is not right.attributes and _objects(left) != _objects(right):
        return False
    if left.frames is right.frames:
        return True
    for number in left.frames.keys() | right.frames.keys():
        one, two = left.frames.get(number), right.frames.get(number)
        if one is two:
            continue
        if (one.tracked if one else {}) != (two.tracked if two else {}):
            return False
    return True


def _objects(world: World) -> dict[tuple[Hashable, str], tuple[int, ...]]:
    """Return the attributes of unknown objects that give access to tracked ones."""
    found = ((place, contained(value)) for place, value in world.attributes.items())
    return {place: numbers for place, numbers in found if numbers}


def _same_heaps(left: dict[int, State], right: dict[int, State]) -> bool:
    if left.keys() != right.keys():
        return False
    for number, one in left.items():
        two = right[number]
        if one is two:
            continue
        if isinstance(one, Instance) and isinstance(two, Instance):
            # What an object holds besides models keeps no two worlds apart.
            same_object = one.node is two.node and one.native == two.native
            if not same_object or one.tracked != two.tracked:
                return False
        elif one != two:
            return False
    return True


def merge(left: World, right: World) -> World:
    """Return one world for both: what they agree on stays, the rest is unknown."""
    world = left.fork()
    lost: set[int] = set()
    foreign: set[int] = set()
    if left.heap is not right.heap:
        for number in left.heap.keys() | right.heap.keys():
            one, two = left.heap.get(number), right.heap.get(number)
            if one is two:
                continue
            state = _joined_state(one, two) if one and two else None
            if state is None:
                lost.add(number)
                state = one or two
            assert state is not None
            world.put(number, state)
        foreign = _foreign(left, right, lost)
        for number in foreign - left.heap.keys():
            del world.heap[number]
    world.next = max(left.next, right.next)
    world.seeded = agreed(left.seeded, right.seeded)
    facts = left.facts
    if left.facts is not right.facts:
        facts = {key: holds for key, holds in left.facts.items() if right.facts.get(key) == holds}
    attributes = left.attributes
    if left.attributes is not right.attributes:
        attributes = dict(_joined_attributes(left.attributes, right.attributes, facts))
    frames = left.frames
    if left.frames is not right.frames:
        frames = dict(left.frames)
        for number, frame in right.frames.items():
            mine = frames.get(number)
            if mine is None:
                frames[number] = _without(frame, foreign) if foreign else frame
            elif mine is not frame:
                frames[number] = _joined_frame(mine, frame, lost)
    return world.with_parts(frames, facts, attributes)


_Place = tuple[Hashable, str]


def _joined_attributes(
    left: Mapping[_Place, Value], right: Mapping[_Place, Value], facts: Mapping[Hashable, bool]
) -> Iterator[tuple[_Place, Value]]:
    """Yield what both know of attributes of unknown objects."""
    for place, value in left.items():
        if place in right and same(value, right[place]):
            yield place, value
        elif _is_asked(place, facts):
            # It was asked about before it was assigned: what is known is of the old one.
            yield place, Unknown()
    for place in right:
        if place not in left and _is_asked(place, facts):
            yield place, Unknown()


def _is_asked(place: _Place, facts: Mapping[Hashable, bool]) -> bool:
    """Return whether a condition on an attribute is known, from before it was assigned."""
    owner, name = place
    if isinstance(owner, Symbol):
        return Symbol(f"{owner.name}.{name}") in facts
    return ("attribute", owner, name) in facts


def _foreign(left: World, right: World, lost: set[int]) -> set[int]:
    """Return the ids that mean another object on the left, and what on the right leads to them."""
    foreign = lost & left.heap.keys() & right.heap.keys()
    if foreign:
        only = {number: right.heap[number] for number in lost - left.heap.keys()}
        while more := {
            number for number, state in only.items() if not foreign.isdisjoint(state.leads_to())
        }:
            foreign |= more
            for number in more:
                del only[number]
    return foreign


def _joined_frame(left: Frame, right: Frame, lost: set[int]) -> Frame:
    frame = Frame(left.parent, dict(left.variables), dict(left.tracked))
    for name, value in _differing(left.variables, right.variables):
        frame.bind(name, value)
    for name in [name for name in left.tracked if name not in right.variables]:
        # Bound on one side only: a name that may be missing is not a known value.
        frame.bind(name, NOTHING_KNOWN)
    return _without(frame, lost) if lost else frame


def _without(frame: Frame, lost: set[int]) -> Frame:
    """Return a frame in which the names of lost objects are unknown."""
    frame = Frame(frame.parent, dict(frame.variables), dict(frame.tracked))
    for name, numbers in list(frame.tracked.items()):
        if not lost.isdisjoint(numbers):
            frame.bind(name, NOTHING_KNOWN)
    return frame


def _differing(
    left: Mapping[str, Value], right: Mapping[str, Value]
) -> Iterator[tuple[str, Value]]:
    """Yield the names on which two sides differ, with what is known of them."""
    for name, value in right.items():
        mine = left.get(name)
        if mine is None:
            yield name, NOTHING_KNOWN if contained(value) else value
        elif mine is not value:
            yield name, joined(mine, value)


def _joined_state(left: State, right: State) -> State | None:
    """Return what two worlds agree on about one object; None if it is not one object."""
    if isinstance(left, Body) and isinstance(right, Body):
        return _joined_body(left, right)
    if left == right:
        return left
    if isinstance(left, Instance) and isinstance(right, Instance):
        if left.node is not right.node or left.native != right.native:
            return None
        mine, theirs = left.attributes, right.attributes
        names = {name: value for name, value in mine.items() if name in theirs}
        either = left._replace(open=left.open or right.open)
        return either.with_attributes({**names, **dict(_differing(mine, theirs))})
    if isinstance(left, Handle) and isinstance(right, Handle):
        same_handle = (left.body, left.kind, left.node) == (right.body, right.kind, right.node)
        mode = agreed(left.training, right.training)
        return left._replace(training=mode, settings=None) if same_handle else None
    return None


def _joined_body(left: Body, right: Body) -> Body | None:
    if left.node is not right.node:
        return None
    adapters: tuple[Adapter, ...] | None = None
    mine, theirs = left.adapters, right.adapters
    if (
        mine is not None
        and theirs is not None
        and [(one.name, one.node) for one in mine] == [(one.name, one.node) for one in theirs]
    ):
        pairs = zip(mine, theirs, strict=True)
        adapters = tuple(_joined_adapter(one, two) for one, two in pairs)
    return left._replace(
        checkpoint=left.checkpoint if left.checkpoint == right.checkpoint else None,
        training=agreed(left.training, right.training),
        dropout=agreed(left.dropout, right.dropout),
        quantised=agreed(left.quantised, right.quantised),
        adapters=adapters,
        active=left.active if left.active == right.active else None,
        enabled=agreed(left.enabled, right.enabled),
        others=agreed(left.others, right.others),
        escaped=left.escaped or right.escaped,
        trained=agreed(left.trained, right.trained),
        mode_call=left.mode_call if left.mode_call is right.mode_call else None,
        merged=tuple(
            _joined_adapter(one, two)
            for one in left.merged
            for two in right.merged
            if one.node is two.node
        ),
        state_dict_by=(left.state_dict_by if left.state_dict_by is right.state_dict_by else None),
        cast=left.cast if left.cast == right.cast else (left.node, None),
        steps=min(left.steps, right.steps, key=len),
    )


def _joined_adapter(left: Adapter, right: Adapter) -> Adapter:
    return left._replace(
        weights=left.weights if left.weights is right.weights else Weights.UNKNOWN,
        trainable=agreed(left.trainable, right.trainable),
        training=agreed(left.training, right.training),
        dropout=agreed(left.dropout, right.dropout),
        merged=agreed(left.merged, right.merged),
        frozen_by=left.frozen_by if left.frozen_by is right.frozen_by else None,
        paths=tuple(path for path in left.paths if path in right.paths),
    )
