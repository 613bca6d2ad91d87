"""Conditions: what a world knows of them, and which worlds a test leaves on either side."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterable, Mapping

from peft_lint.interpreter import releases, shares
from peft_lint.interpreter.objects import PEFT_MODELS, Kind
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Bound,
    Items,
    Ref,
    Unknown,
    Value,
    drawn_from,
    key,
    literal,
    truth,
)
from peft_lint.interpreter.world import World
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import registry

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine


def known_truth(machine: Machine, value: Value, world: World) -> bool | None:
    """Return what `world` knows of the truth of `value`."""
    known = truth(value)
    if known is None and isinstance(value, Bound) and isinstance(value.function, str):
        known = has(world, value.receiver, value.function)
    return _known(machine, key(value), world) if known is None else known


def _known(machine: Machine, condition: Hashable, world: World) -> bool | None:
    condition, positive = _normal(condition)
    holds = world.facts.get(condition)
    if holds is None:
        match condition:
            case ("peft_config", Ref() as model):
                holds = has(world, model, "peft_config")
            case ("attribute", ("item", ("peft_config", Ref() as model), _), "inference_mode"):
                holds = _is_for_inference(world, model)
            case ("attribute", parameter, "requires_grad"):
                share = shares.of_parameter(parameter)
                if share is None:
                    holds = shares.is_any_trained(world, drawn_from(Unknown(parameter)))
                else:
                    holds = shares.can_be_trained(world, share)
            case ("collected", _, moment, _, _, "none"):
                # A generator is true whatever it has.
                holds = False if moment != "lazy" else None
            case ("And" | "Or" as operator, *operands):
                holds = _composed(machine, operator == "And", operands, world)
            case ("literal", ((_, constant),)):
                holds = bool(constant)
            case ("==" | "in" | "startswith" | "endswith", *_):
                answers = (test(condition, world) for test in registry.NAME_TESTS)
                holds = next((one for one in answers if one is not None), None)
    if holds is None:
        holds = releases.decided(condition, machine.target)
    if holds is None and _excluded(condition, world.facts):
        holds = False
    if holds is None:
        holds = _implied(condition, world.facts)
    return None if holds is None else holds == positive


def _composed(
    machine: Machine, is_and: bool, operands: Iterable[Hashable], world: World
) -> bool | None:
    """Return what is known of `and` or `or`: one operand may be enough."""
    answers = [_known(machine, one, world) for one in operands]
    if (not is_and) in answers:
        return not is_and
    return None if None in answers else is_and


# Attributes that every PeftModel has, those that prompt learning is without; plain models none.
_OF_PEFT_MODELS = frozenset({"peft_config", "disable_adapter", "print_trainable_parameters"})
_OF_TUNERS = frozenset({"merge_and_unload", "unload", "merge_adapter", "unmerge_adapter"})


def has(world: World, value: Value, name: str) -> bool | None:
    """Return whether a model has an attribute by which one asks what is wrapped around it."""
    handle = world.handle(value)
    if name == "module" and handle is not None and handle.kind is Kind.WRAPPER:
        return True
    if handle is None or not (name in _OF_PEFT_MODELS or name in _OF_TUNERS):
        return None
    adapters = world.body(handle).adapters
    if handle.kind in PEFT_MODELS:
        tuned = bool(adapters) and all(one.in_place for one in adapters or ())
        return True if tuned or name in _OF_PEFT_MODELS else None
    return False if handle.kind is Kind.PLAIN and adapters == () else None


def _is_for_inference(world: World, model: Ref) -> bool | None:
    """Return whether the config of any adapter of a model says that it was loaded frozen."""
    handle = world.handle(model)
    adapters = world.body(handle).adapters if handle is not None else None
    return True if adapters and all(one.frozen_by is one.node for one in adapters) else None


def learn(value: Value, holds: bool, world: World) -> None:
    """Remember on `world` that `value` is true, or is not."""
    # What a join left unknown is one value from there on, and may be asked about again.
    if value is NOTHING_KNOWN:
        return
    _learn(key(value), holds, world)


def _learn(condition: Hashable, holds: bool, world: World) -> None:
    """Remember a condition, with all operands where it tells of each of them."""
    condition, positive = _normal(condition)
    holds = holds == positive
    world.learn(condition, holds)
    match condition:
        case ("And" | "Or" as operator, *operands) if holds is (operator == "And"):
            for operand in operands:
                _learn(operand, holds, world)
        case ("is", value, ("literal", ((_, None),))) if holds:
            # `if args.adapter is None: …`, and later `if args.adapter:`.
            world.learn(value, False)


def split(machine: Machine, test: ast.expr, world: World) -> tuple[list[World], list[World]]:
    """Return the worlds on which `test` holds, and those on which it does not."""
    if isinstance(test, ast.BoolOp):
        return _split_operands(machine, test, world)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        holds, fails = split(machine, test.operand, world)
        return fails, holds
    holds, fails = [], []
    for value, after in machine.evaluate(test, world):
        known = known_truth(machine, value, after)
        if known is not True:
            other = after if known is False else after.fork()
            learn(value, False, other)
            fails.append(other)
        if known is not False:
            learn(value, True, after)
            holds.append(after)
    return holds, fails


def _split_operands(
    machine: Machine, test: ast.BoolOp, world: World
) -> tuple[list[World], list[World]]:
    is_and = isinstance(test.op, ast.And)
    going, out = [world], []
    for operand in test.values:
        following: list[World] = []
        for one in going:
            holds, fails = split(machine, operand, one)
            following += holds if is_and else fails
            out += fails if is_and else holds
        going = following
    out = machine.settle(out)
    return (going, out) if is_and else (out, going)


def _excluded(condition: Hashable, facts: Mapping[Hashable, bool]) -> bool:
    """Return whether other conditions rule one out.

    What equals another constant, or is in no display that has this one.
    """
    match condition:
        case ("==", left, ("literal", ((_, one),))):
            for known, holds in facts.items():
                match known:
                    case ("==", other, ("literal", ((_, two),))):
                        if holds and other == left and one != two:
                            return True
                    case ("in", other, Items() as options) if not holds and other == left:
                        if any(literal(option, ...) == one for option in options.items):
                            return True
    return False


def _implied(condition: Hashable, facts: Mapping[Hashable, bool]) -> bool | None:
    """Return what follows where `and` does not hold, or `or` does, and all else is known of it."""
    for known, holds in facts.items():
        if not isinstance(known, tuple) or known[0] != ("Or" if holds else "And"):
            continue
        for operand, positive in ((condition, True), (("not", condition), False)):
            others = [one for one in known[1:] if one != operand]
            if len(others) < len(known) - 1 and all(
                _fact(one, facts) is not holds and _fact(one, facts) is not None for one in others
            ):
                return holds == positive
    return None


def _fact(condition: Hashable, facts: Mapping[Hashable, bool]) -> bool | None:
    condition, positive = _normal(condition)
    holds = facts.get(condition)
    return None if holds is None else holds == positive


def _normal(condition: Hashable) -> tuple[Hashable, bool]:
    """Return a condition without its negations, and whether it was positive."""
    positive = True
    while isinstance(condition, tuple) and len(condition) == 2 and condition[0] == "not":
        condition, positive = condition[1], not positive
    return condition, positive
