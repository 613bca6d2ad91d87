"""Whether a call is what it seems, and whether the code around it reckons with its failure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress

from peft_lint.events import Event
from peft_lint.interpreter.values import ClassValue
from peft_lint.locations import Block, Definition, Location, is_compound, locate
from peft_lint.names import last_name, variables
from peft_lint.outline import inside
from peft_lint.scene import Scene

# Contexts that expect or swallow an error, of pytest, unittest and contextlib; then marks of tests
# that are to fail.
_EXPECTING = ("raises", "assertRaises", "assertRaisesRegex", "suppress")
_FAILING = ("xfail", "expectedFailure")
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
# Blocks whose statements run whenever what is around them does.
_PLAIN = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.With, ast.AsyncWith)


def expects(event: Event, scene: Scene, *errors: str) -> bool:
    """Return whether a `try` around an event names one of these errors, or a `with` expects one."""
    blocks = (block for location in _locations(event, scene) for block in location.blocks)
    return any({*_caught(block)} & {*errors, *_EXPECTING, *_FAILING} for block in blocks)


def is_asserted(event: Event, scene: Scene) -> bool:
    """Return whether a test leads to an event, and says by itself what is to come of it."""
    functions = [place.function for place in scene.places(event) if place.function is not None]
    # Test runners know tests by this beginning.
    tests = [one for one in functions if getattr(one, "name", "").startswith("test")]
    return any(_asserts(node) for test in tests for node in inside(test))


def is_guarded(node: ast.AST, scene: Scene) -> bool:
    """Return whether a node stands in a `try` with an `except`, or a `with` for an exception."""
    return any(
        inner is node
        for outer in scene.document.nodes
        if (isinstance(outer, ast.Try) and outer.handlers)
        or (isinstance(outer, ast.With) and any(map(_names_exception, outer.items)))
        for part in outer.body
        for inner in ast.walk(part)
    )


def is_conditional(event: Event, scene: Scene) -> bool:
    """Return whether a condition decides if an event happens, or a handler what follows."""
    return any(
        any(isinstance(node, (ast.IfExp, ast.BoolOp)) for node in location.path)
        or any(not isinstance(block.owner, _PLAIN) or _leaves(block) for block in location.blocks)
        for location in _locations(event, scene)
    )


def need_not_precede(node: ast.AST, scene: Scene) -> bool:
    """Return whether `node` is in a method that need not run before the one that runs by itself.

    What the constructor leads to has run. Any other method of the object may be called or not.
    """
    entry = scene.context.entry
    for owner in scene.document.nodes:
        if isinstance(owner, ast.ClassDef) and any(part is entry for part in owner.body):
            methods = [one for one in owner.body if isinstance(one, ast.FunctionDef)]
            reaches = [scene.machine.code.reach(one) for one in methods if one.name == "__init__"]
            for method in methods:
                if any(part is node for part in ast.walk(method)):
                    led = any(reach.says(method.name) for reach in reaches)
                    return method.name != "__init__" and not led
    return False


def names_the_class(call: ast.Call, scene: Scene) -> bool:
    """Return whether a call is of the class itself, not of one that the document puts there."""
    function = call.func
    if scene.assigns("__init__"):
        # `LoraConfig.__init__ = …`
        return False
    if isinstance(function, ast.Attribute):
        # `super().__init__(…)`, and `peft.LoraConfig = …` before.
        replaced = any(
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and node.attr == function.attr
            for node in scene.document.nodes
        )
        return function.attr != "__init__" and not replaced
    return not isinstance(scene.value(function), ClassValue)


def blocks_around(node: ast.AST, scene: Scene) -> list[ast.AST]:
    """Return the owners of the blocks around a call, none for one that the text does not spell."""
    try:
        return [block.owner for block in locate(scene.document.tree, node).blocks]
    except LookupError:
        return []


def _locations(event: Event, scene: Scene) -> Iterator[Location]:
    for place in scene.places(event):
        # The call of a function that nothing calls is none of the text.
        with suppress(LookupError):
            yield locate(scene.document.tree, place.node)


def _leaves(block: Block) -> bool:
    """Return whether a statement before the one taken may leave the block."""
    before = block.body[: block.body.index(block.statement)]
    blocks = (one for one in before if is_compound(one) and not isinstance(one, Definition))
    return any(isinstance(node, _LEAVING) for one in blocks for node in ast.walk(one))


def _caught(block: Block) -> Iterator[str]:
    """Yield the last names of the errors that a block's owner catches, its contexts and marks."""
    owner = block.owner
    if isinstance(owner, ast.Try) and block.body is owner.body:
        for handler in owner.handlers:
            caught = handler.type
            for one in caught.elts if isinstance(caught, ast.Tuple) else (caught,):
                # Without a name it is for every error.
                yield last_name(one) or "Exception"
    elif isinstance(owner, (ast.With, ast.AsyncWith)):
        for item in owner.items:
            if isinstance(item.context_expr, ast.Call):
                yield last_name(item.context_expr.func)
    elif isinstance(owner, Definition):
        for mark in owner.decorator_list:
            yield last_name(mark.func if isinstance(mark, ast.Call) else mark)


def _asserts(node: ast.AST) -> bool:
    """Return whether a node asserts: the statement, or a method such as `assertEqual`."""
    called = last_name(node.func) if isinstance(node, ast.Call) else ""
    return isinstance(node, ast.Assert) or called.startswith("assert")


def _names_exception(item: ast.withitem) -> bool:
    """Return whether a `with` item is such as `suppress(AttributeError)`."""
    call = item.context_expr
    arguments = call.args if isinstance(call, ast.Call) else []
    names = variables(*arguments)
    return any(name == "Exception" or name.endswith("Error") for name in names)
