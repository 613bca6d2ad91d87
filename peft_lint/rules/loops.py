"""In which rounds of a loop something happens: those that the code picks, or only the last."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

from peft_lint.events import Event
from peft_lint.locations import Block, locate
from peft_lint.names import variables
from peft_lint.rules.guards import blocks_around
from peft_lint.scene import Place, Scene

_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_CONDITIONS = (ast.If, ast.match_case, ast.ExceptHandler)


def picks_rounds(event: Event, scene: Scene) -> bool:
    """Return whether a test of what changes from round to round decides if an event happens.

    Such as `if index == 0:`, `if not loaded:`, or `if index: continue` before. One that leaves
    the loop behind it decides whether there is another round at all.
    """
    places = scene.places(event)
    if any(_may_end(place, loop) for place in places for loop in place.loops):
        return True
    changed: set[str] = set()
    for outer, place in pairwise((None, *places)):
        assert place is not None
        inside = {part for loop in place.loops for part in ast.walk(loop)}
        changed = _changed(inside) | (_received(outer, place, changed) if outer else set())
        if any(not changed.isdisjoint(names) for names in _tested(place, inside, scene)):
            return True
    return False


def _may_end(place: Place, loop: ast.AST) -> bool:
    """Return whether a loop may be left after a call in it, in the same round."""
    waiting: list[tuple[ast.AST, bool]] = [(one, True) for one in getattr(loop, "body", ())]
    while waiting:
        node, own = waiting.pop()
        if isinstance(node, ast.Return) or (isinstance(node, ast.Break) and own):
            if (node.lineno, node.col_offset) >= place.end:
                return True
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            own = own and not isinstance(node, (ast.For, ast.AsyncFor, ast.While))
            waiting += [(one, own) for one in ast.iter_child_nodes(node)]
    return False


def _tested(place: Place, inside: set[ast.AST], scene: Scene) -> Iterator[set[str]]:
    """Yield the names that each test around a call asks about, and each before it that leaves."""
    with suppress(LookupError):
        location = locate(scene.document.tree, place.node)
        for node in location.path:
            if isinstance(node, ast.IfExp) and node.test not in location.path:
                yield variables(node.test)
        spelled = variables(place.node)
        for block in location.blocks:
            if isinstance(block.owner, ast.If) and _is_in(block.owner, inside, place):
                yield variables(block.owner.test)
            if isinstance(block.statement, ast.Match) and _is_in(block.statement, inside, place):
                yield variables(block.statement.subject)
            if _is_in(block.statement, inside, place):
                # `if not os.path.exists(path): continue` asks about what is loaded.
                yield from (variables(test) - spelled for test in _leaving(block))


def _is_in(node: ast.AST, inside: set[ast.AST], place: Place) -> bool:
    """Return whether a node is in a loop of its function, or the loop is outside of that."""
    return node in inside or (not place.loops and place.function is not None)


def _leaving(block: Block) -> Iterator[ast.expr]:
    """Yield the tests before a statement of a block that may leave it."""
    for before in block.body[: block.body.index(block.statement)]:
        if isinstance(before, ast.If) and any(isinstance(s, _LEAVING) for s in before.body):
            yield before.test


def _received(outer: Place, place: Place, changed: set[str]) -> set[str]:
    """Return the parameters of a function that a call gives what changes."""
    call, function = outer.node, place.function
    if not isinstance(call, ast.Call) or not isinstance(function, ast.FunctionDef):
        return set()
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    if names[:1] in (["self"], ["cls"]):
        del names[0]
    given = [*zip(names, call.args, strict=False)]
    given += [(word.arg, word.value) for word in call.keywords if word.arg]
    return {name for name, value in given if not changed.isdisjoint(variables(value))}


def _changed(nodes: set[ast.AST]) -> set[str]:
    """Return the names that nodes bind, or change by a method that is called for that."""
    names = {
        part.id for part in nodes if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
    calls = (part.value for part in nodes if isinstance(part, ast.Expr))
    methods = (call.func for call in calls if isinstance(call, ast.Call))
    owners = (method.value for method in methods if isinstance(method, ast.Attribute))
    return names | {owner.id for owner in owners if isinstance(owner, ast.Name)}


def once_in_loop(event: Event, scene: Scene) -> bool:
    """Return whether a condition in a loop may hold in its last round only.

    One that comes again and again is spelled with a remainder: `step % 100 == 0`.
    """
    looped = False
    for place in scene.places(event):
        looped = looped or bool(place.loops)
        inside = looped and not place.loops
        for owner in blocks_around(place.node, scene) if looped else ():
            inside = inside or owner in place.loops
            if inside and isinstance(owner, _CONDITIONS) and not _comes_again(owner):
                return True
    return False


def _comes_again(owner: ast.AST) -> bool:
    test = owner.test if isinstance(owner, ast.If) else None
    return test is not None and any(isinstance(node, ast.Mod) for node in ast.walk(test))


def follows(before: tuple[Place, ...], after: tuple[Place, ...]) -> bool:
    """Return whether what happens at one place comes behind another one in the text.

    In a loop it then follows in the same round.
    """
    ends = before[0].end, after[0].end
    for one, other in zip(before, after, strict=False):
        if one.function is not other.function:
            break
        ends = one.end, other.end
        if one.node is not other.node:
            break
    return ends[0] < ends[1]
