"""One runner per kind of compound statement: all worlds in, the worlds that go on out."""

from __future__ import annotations

import ast
from collections.abc import Callable

from peft_lint.interpreter import (
    access,
    conditions,
    containers,
    contexts,
    counting,
    matching,
    shares,
)
from peft_lint.interpreter.objects import Instance, Kind
from peft_lint.interpreter.values import (
    NOTHING_KNOWN,
    Symbol,
    Value,
    contained,
)
from peft_lint.interpreter.world import World
from peft_lint.lean import TYPE_CHECKING
from peft_lint.library import registry

if TYPE_CHECKING:
    from peft_lint.interpreter.machine import Machine

_STANDARD_INPUT = Symbol("sys.stdin")


def _if(machine: Machine, node: ast.If, worlds: list[World]) -> list[World]:
    then, other = [], []
    for world in worlds:
        holds, fails = conditions.split(machine, node.test, world)
        then += holds
        other += fails
    then = machine.run_block(node.body, machine.settle(then))
    other = machine.run_block(node.orelse, machine.settle(other))
    return then + other


def _while(machine: Machine, node: ast.While, worlds: list[World]) -> list[World]:
    # A function of the document may be the one that asks.
    asks = machine.code.reach(node).says("input") and "input" not in machine.code.bound(node)
    context = machine.context.around(node, asks=asks)

    def enter(world: World, again: bool) -> tuple[list[World], list[World]]:
        facts = world.facts
        if again:
            # Loops end: what the test was in the round before says nothing of this one.
            world = world.with_parts(world.frames, {}, world.attributes)
        holds, fails = conditions.split(machine, node.test, world)
        for one in (*holds, *fails) if again else ():
            one.with_parts(one.frames, facts | one.facts, one.attributes)
        if again and counting.has_ended(machine, node.test, world):
            return [], fails
        return holds, fails

    with machine.surrounded(context):
        return _loop(machine, node, worlds, enter)


def _for(machine: Machine, node: ast.For | ast.AsyncFor, worlds: list[World]) -> list[World]:
    results: list[World] = []
    for world in worlds:
        for iterable, after in machine.evaluate(node.iter, world):
            context = machine.context.around(node, asks=iterable == _STANDARD_INPUT)
            machine.world = after
            rounds = containers.rounds(machine, iterable)
            if rounds is None:
                rounds = containers.one_of_each(iterable)
            for model in registry.LOOPS:
                model(machine, iterable, machine.code.facts(node).words)

            def enter(
                at: World, again: bool, iterable: Value = iterable
            ) -> tuple[list[World], list[World]]:
                left = at.fork()
                machine.world = at
                element = containers.element(machine, iterable)
                access.assign(
                    machine, node.target, containers.another(element) if again else element
                )
                return [machine.world], [left]

            with machine.surrounded(context):
                if rounds is not None:
                    results += _unrolled(machine, node, after, rounds)
                elif turns := _turns(machine, node, iterable):
                    results += _shared(machine, node, after, turns)
                else:
                    results += _loop(machine, node, [after], enter)
    return results


def _unrolled(
    machine: Machine, node: ast.For | ast.AsyncFor, world: World, rounds: list[Value]
) -> list[World]:
    outer = machine.flow
    machine.flow = flow = outer._replace(broken=[], continued=[])
    going = [world]
    for value in rounds:
        for one in going:
            machine.world = one
            access.assign(machine, node.target, value)
        going = machine.settle(machine.run_block(node.body, going) + flow.continued)
        flow.continued.clear()
    going = machine.run_block(node.orelse, going)
    machine.flow = outer
    return machine.settle(going + flow.broken)


def _turns(machine: Machine, node: ast.For | ast.AsyncFor, iterable: Value) -> list[shares.Turn]:
    """Return the rounds of a loop that freezes or unfreezes parameters, none for any other."""
    turns = shares.turns(machine, node, containers.element(machine, iterable))
    if turns and shares.leaves_early(node):
        return []
    told = shares.carried(machine, node, machine.world) if turns else {}
    return [] if any(map(contained, told.values())) else turns


def _shared(
    machine: Machine, node: ast.For | ast.AsyncFor, world: World, turns: list[shares.Turn]
) -> list[World]:
    """Run a loop once for each share of a model's parameters."""
    outer = machine.flow
    machine.flow = flow = outer._replace(broken=[], continued=[])
    going = [world]
    for turn in turns:
        ends: list[World] = []
        for one in going:
            machine.world, before = one, shares.gradient(one, turn.share)
            for name in shares.carried(machine, node, one):
                access.bind(machine, name, machine.fresh(node, name, turn.share))
            access.assign(machine, node.target, turn.element)
            degraded = machine.degraded
            after = machine.run_block(node.body, [machine.world]) + flow.continued
            flow.continued.clear()
            shares.close(after, turn.share, before, sure=machine.degraded == degraded)
            ends += after
        going = machine.settle(ends)
    going = machine.run_block(node.orelse, going)
    machine.flow = outer
    return going


def _loop(
    machine: Machine,
    node: ast.For | ast.AsyncFor | ast.While,
    worlds: list[World],
    enter: Callable[[World, bool], tuple[list[World], list[World]]],
) -> list[World]:
    """Run a loop once and twice, a `while` also not at all; what follows holds for any."""
    outer = machine.flow
    machine.flow = flow = outer._replace(broken=[], continued=[])
    out: list[World] = []
    going = worlds
    for turn in range(3):
        inside: list[World] = []
        for world in going:
            enters, leaves = enter(world, turn > 0)
            inside += enters
            if turn or isinstance(node, ast.While):
                # What is looped over is not empty: programs are written for some data.
                out += leaves
        if turn == 2:
            if isinstance(node, ast.While) and not isinstance(node.test, ast.Constant):
                # Whatever is counted or taken away in the rounds, in the end there is none left.
                out = out or inside
            break
        after = machine.run_block(node.body, machine.settle(inside))
        going = machine.settle(after + flow.continued)
        flow.continued.clear()
    out = machine.run_block(node.orelse, machine.settle(out))
    machine.flow = outer
    return machine.settle(out + flow.broken)


def _try(machine: Machine, node: ast.Try, worlds: list[World]) -> list[World]:
    outer = machine.flow
    # Whoever leaves goes through `finally` first.
    left = outer._replace(returned=[], broken=[], continued=[], raised=[])
    machine.flow = flow = left._replace(raised=[])
    risks = [not _succeeds(one) for one in node.body]
    if len(node.body) == 1 and all(_switches(machine, node.body[0], world) for world in worlds):
        risks = [False]
    seen: list[World] = [world.fork() for world in worlds] if risks[0] else []
    for index, statement in enumerate(node.body):
        worlds = machine.run_block([statement], worlds)
        # What the last assignment did, it did without an exception.
        halfway = risks[index] and not isinstance(statement, ast.Assign)
        if halfway or any(risks[index + 1 :]):
            seen = machine.settle(seen + [world.fork() for world in worlds])
    imports = all(isinstance(one, (ast.Import, ast.ImportFrom)) for one in node.body)
    caught = machine.settle(seen + flow.raised)
    raised = list(flow.raised)
    flow.raised.clear()
    machine.flow = left
    results = machine.run_block(node.orelse, worlds)
    if not imports:
        # A module that imports is there: the other side is for machines without it.
        for handler in node.handlers:
            start = [world.fork() for world in caught]
            for world in start:
                if handler.name:
                    world.bind(machine.frame, handler.name, NOTHING_KNOWN)
            results += machine.run_block(handler.body, start)
    if not node.handlers:
        left.raised.extend(raised)
    machine.flow = outer
    for value, world in left.returned:
        ends = machine.run_block(node.finalbody, [world])
        outer.returned.extend((value, end) for end in ends)
    outer.broken.extend(machine.run_block(node.finalbody, left.broken))
    outer.continued.extend(machine.run_block(node.finalbody, left.continued))
    outer.raised.extend(machine.run_block(node.finalbody, left.raised))
    return machine.run_block(node.finalbody, machine.settle(results))


def _succeeds(node: ast.stmt) -> bool:
    """Return whether a statement cannot raise: `loaded = True`, `print("loaded")`."""
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.Constant) and isinstance(node.targets[0], ast.Name)
    call = node.value if isinstance(node, ast.Expr) else None
    function = call.func if isinstance(call, ast.Call) else None
    return isinstance(function, ast.Name) and function.id == "print"


# What every model does without an exception, and what every PeftModel does.
_OF_MODELS = frozenset({"eval", "train", "requires_grad_"})
_OF_PEFT_MODELS = frozenset({"set_adapter", "enable_adapter_layers", "disable_adapter_layers"})


def _switches(machine: Machine, node: ast.stmt, world: World) -> bool:
    """Return whether a statement is a call on a model that is in view, and surely has it.

    Who writes `try: model.eval()` reckons with models that the text does not show.
    """
    call = node.value if isinstance(node, (ast.Expr, ast.Assign)) else None
    method = call.func if isinstance(call, ast.Call) else None
    if not isinstance(method, ast.Attribute):
        return False
    owner = method.value
    value = world.lookup(machine.frame, owner.id) if isinstance(owner, ast.Name) else None
    if isinstance(owner, ast.Attribute) and isinstance(owner.value, ast.Name):
        holder = world.state(world.lookup(machine.frame, owner.value.id))
        value = holder.get(owner.attr) if isinstance(holder, Instance) else None
    handle, name = world.handle(value), method.attr
    if handle is None or value is None:
        return False
    if name in _OF_PEFT_MODELS:
        return handle.kind is Kind.PEFT
    # Prompt learning has no layers to take out.
    return name in _OF_MODELS or conditions.has(world, value, name) is True


def _with(machine: Machine, node: ast.With | ast.AsyncWith, worlds: list[World]) -> list[World]:
    entered: list[World] = []
    context = machine.context
    leave: dict[Value, contexts.Leave] = {}
    for item in node.items:
        entered = []
        for world in worlds:
            for value, after in machine.evaluate(item.context_expr, world):
                machine.world = after
                context, undo, bound = contexts.enter(machine, context, value)
                if undo is not None:
                    leave[value] = undo
                if item.optional_vars is not None:
                    access.assign(machine, item.optional_vars, bound)
                entered.append(machine.world)
        worlds = entered
    with machine.surrounded(context):
        ends = machine.run_block(node.body, worlds)
    left: list[World] = []
    for end in ends:
        machine.world = end
        for undo in leave.values():
            undo(machine)
        left.append(machine.world)
    return left


RUNNERS: dict[type[ast.stmt], Callable[..., list[World]]] = {
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Match: matching.run,
}
# A kind of statement that only some Python versions have.
if hasattr(ast, "TryStar"):
    RUNNERS[ast.TryStar] = _try
