"""The interpretation half of the differential test: what is believed of a program's models."""

from __future__ import annotations

import ast
import atexit
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from peft_lint.document import Document
from peft_lint.interpreter.objects import Body, Handle, Instance
from peft_lint.interpreter.run import run
from peft_lint.interpreter.values import Value, key
from peft_lint.interpreter.world import World
from peft_lint.versions import Target
from tests.differential.reality import Program
from tests.proofs.harness import run as run_on_libraries
from tests.proofs.harness.checkpoints import ADAPTERS

# Names for what the reality half puts into the namespace, with an effect on nothing: a probe
# looks, a flag is a condition that comes from outside. On the first line, so that lines stay.
_NAMES = "from builtins import print as probe; from os import getenv as flag; "


@dataclass(frozen=True)
class Belief:
    """The probed object on one world; without a handle nothing is known of it."""

    handle: Handle | None = None
    body: Body | None = None


def document_of(program: Program) -> Document:
    """Return a generated program as the interpreter is to see it, its lines unchanged.

    It lies beside the trained adapters that it names, if the program says so.
    """
    folder = _adapters() if program.beside_adapters else Path()
    return Document(str(folder / "program.py"), _NAMES + program.source)


@cache
def _adapters() -> Path:
    """Return a folder with the trained adapters of the harness, as a project may have them."""
    folder = tempfile.TemporaryDirectory(prefix="peft-lint-project-")
    atexit.register(folder.cleanup)
    run_on_libraries(f"names = {sorted(ADAPTERS)}", folder=Path(folder.name)).value()
    return Path(folder.name)


def beliefs(document: Document) -> dict[int, list[Belief]]:
    """Return what each world believes of the object of each probe, by the probe's line."""
    seen: dict[int, list[Belief]] = defaultdict(list)

    def observe(statement: ast.stmt, worlds: list[World], frame: int) -> None:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Name(id="probe"), args=[_, probed])):
                seen[statement.lineno] += [_belief(world, frame, probed) for world in worlds]

    run(document, Target(), observer=observe)
    return seen


def _belief(world: World, frame: int, probed: ast.expr) -> Belief:
    handle = world.handle(_value(world, frame, probed))
    return Belief(handle, world.body(handle)) if handle else Belief()


def _value(world: World, frame: int, probed: ast.expr) -> Value | None:
    match probed:
        case ast.Name(id=name):
            return world.lookup(frame, name)
        case ast.Attribute(value=owner, attr=name):
            value = _value(world, frame, owner)
            state = world.state(value)
            if isinstance(state, Instance):
                return state.get(name)
            return world.attributes.get((key(value), name)) if value else None
    raise AssertionError(f"a probe of {ast.unparse(probed)}")
