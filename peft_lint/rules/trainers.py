"""What a trainer is given, as several rules ask for it."""

from __future__ import annotations

import ast

from peft_lint.events import TrainerMade
from peft_lint.interpreter.objects import Arguments, Node
from peft_lint.interpreter.values import Entries, Items, Literal, Unknown, Value, literal
from peft_lint.library.registry import canonical
from peft_lint.scene import Scene


def settings_of(event: TrainerMade, scene: Scene) -> Arguments | None:
    """Return the training arguments, None where there are none in view."""
    named = dict(event.keywords).get("args")
    states = map(scene.world.state, event.args if named is None else (named,))
    return next((one for one in states if isinstance(one, Arguments)), None)


def given(event: TrainerMade, name: str) -> bool:
    """Return whether a trainer may get this argument, by its name, and not None."""
    value = dict(event.keywords).get(name)
    return not event.complete if value is None else literal(value, ...) is not None


def spelled(settings: Arguments, name: str) -> Node:
    """Return where the text writes a setting, else the call that makes the settings."""
    if sum(key == name for key, _ in settings.fields) == 1:
        for word in settings.node.keywords:
            if word.arg == name:
                return word.value
    # It was assigned afterwards, or comes from a dict.
    value = settings.get(name)
    node = value.node if isinstance(value, (Literal, Items, Entries)) else None
    return node or settings.node


def maker(value: Value | None, scene: Scene) -> tuple[str, ast.Call] | None:
    """Return the name of the library's class that made something, with the call."""
    origin = value.origin if isinstance(value, Unknown) else None
    node = origin[1] if isinstance(origin, tuple) and origin[0] == "here" else None
    name = scene.symbol(node.func) if isinstance(node, ast.Call) else None
    return (canonical(name), node) if name is not None and isinstance(node, ast.Call) else None
