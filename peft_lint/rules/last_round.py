"""What the rules on training ask of loops: what may happen in the last round only."""

from __future__ import annotations

import ast

from peft_lint.events import Event
from peft_lint.scene import Place, Scene
from peft_lint.syntax.locations import locate

_CONDITIONS = (ast.If, ast.match_case, ast.ExceptHandler)


def once_in_loop(event: Event, scene: Scene) -> bool:
    """Return whether a condition in a loop may hold in its last round only.

    One that comes again and again is spelled with a remainder: `step % 100 == 0`.
    """
    looped = False
    for place in scene.places(event):
        looped = looped or bool(place.loops)
        try:
            blocks = locate(scene.document.tree, place.node).blocks if looped else ()
        except LookupError:
            # The call of a function that nothing calls is none of the text.
            continue
        inside = looped and not place.loops
        for owner in (block.owner for block in blocks):
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
