"""What the interpreter believes at a line, in words: the first tool to debug a rule with."""

from __future__ import annotations

import ast

from peft_lint import scope
from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.interpreter.objects import Adapter, Body, Fact, Handle, Instance, Trainer
from peft_lint.interpreter.run import run
from peft_lint.interpreter.values import Ref, literal
from peft_lint.interpreter.world import World
from peft_lint.reports import printable
from peft_lint.rulebook import all_rules
from peft_lint.versions import Target


def main_text(document: Document, target: Target, line: int | None) -> str:
    """Return what is believed after the statement at `line`, or at the module's end.

    Raise DocumentError when the document is not Python.
    """
    path = printable(document.path)
    line = line and _first_line(document, line)
    where = f"after {_line(document, line)}" if line else "at the end of the module"
    seen = beliefs(document, target, line)
    if not seen:
        begins = f"begins on {_line(document, line or 1)}"
        return f"{path}: no statement that is reached {begins}\n"
    count = "one world" if len(seen) == 1 else f"{len(seen)} worlds"
    parts = [f"{path}: {count} {where}"]
    for number, (world, frame) in enumerate(seen, 1):
        parts += [f"\nworld {number}" if len(seen) > 1 else ""]
        parts += _world(document, world, frame)
    return "\n".join([*parts, "", *_rules(document, target)]) + "\n"


def _first_line(document: Document, line: int) -> int:
    """Return where the simple statement begins that `line` belongs to, else the line itself."""
    around = [
        node.lineno
        for node in document.nodes
        if isinstance(node, ast.stmt)
        and not hasattr(node, "body")
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return min(around, default=line)


def about(document: Document, target: Target, node: ast.expr, line: int) -> str:
    """Return what is believed of the model that a name stands for after the statement at `line`.

    Empty where the name stands for no model that is known, on any path.
    """
    told: list[str] = []
    for world, frame in beliefs(document, target, line):
        names = _names(world, frame)
        spelled = document.source(node)
        number = next((number for number, all_ in names.items() if spelled in all_), None)
        state = world.heap.get(number) if number is not None else None
        if isinstance(state, Handle):
            body = world.body(state)
            told.append("\n".join(_body(document, world, state.body, body, names)) + "\n")
    return "or\n".join(dict.fromkeys(told))


def beliefs(document: Document, target: Target, line: int | None) -> list[tuple[World, int]]:
    """Return the worlds after the last statement that begins on `line`, with their frame.

    Without a line these are the worlds at the end of the module.
    """
    seen: list[tuple[World, int]] = []

    def observe(statement: ast.stmt, worlds: list[World], frame: int) -> None:
        if statement.lineno == line:
            seen.extend((world.fork(), frame) for world in worlds)

    machine = run(document, target, observer=observe)
    return seen if line else [(world, 0) for world in machine.ends]


def _world(document: Document, world: World, frame: int) -> list[str]:
    names = _names(world, frame)
    lines = []
    for number, state in sorted(world.heap.items()):
        if isinstance(state, Body):
            lines += _body(document, world, number, state, names)
        elif isinstance(state, Trainer):
            lines.append(f"  {_spelled(names, number)}: a trainer made on {_row(document, state)}")
    seeded = {True: "seeded", False: "not seeded", None: "maybe seeded"}[world.seeded]
    return [*(lines or ["  no model is known"]), f"  the random generator is {seeded}"]


def _names(world: World, frame: int) -> dict[int, list[str]]:
    """Return how each object can be spelled in a frame."""
    names: dict[int, list[str]] = {}
    for number in {0, frame}:
        for name, value in world.frames[number].variables.items():
            if isinstance(value, Ref):
                names.setdefault(value.id, []).append(name)
                state = world.heap.get(value.id)
                attributes = state.attributes if isinstance(state, Instance) else {}
                for attribute, inner in attributes.items():
                    if isinstance(inner, Ref):
                        names.setdefault(inner.id, []).append(f"{name}.{attribute}")
    return names


def _spelled(names: dict[int, list[str]], number: int) -> str:
    return ", ".join(names.get(number, [])) or f"(object {number})"


def _row(document: Document, state: Body | Handle | Adapter | Trainer) -> str:
    return _line(document, state.node.lineno)


def _line(document: Document, row: int) -> str:
    """Return a line of the text in words, as the origin counts it."""
    place = document.place(document.line_starts[row - 1])
    return f"line {place.row}" + (f" of cell {place.cell}" if place.cell else "")


def _body(
    document: Document, world: World, number: int, body: Body, names: dict[int, list[str]]
) -> list[str]:
    what = body.model_class or "a model of unknown origin"
    checkpoint = literal(body.checkpoint)
    source = f" from {checkpoint!r}" if isinstance(checkpoint, str) else ""
    lines = [
        f"  body made on {_row(document, body)}: {what}{source}",
        f"    base modules in {_mode(body.training)}, their dropout is {_above(body.dropout)}",
    ]
    for handle_number, handle in sorted(world.heap.items()):
        if isinstance(handle, Handle) and handle.body == number:
            spelled = _spelled(names, handle_number)
            lines.append(f"    {spelled}: {handle.kind.value}, flag in {_mode(handle.training)}")
    if body.adapters is None:
        lines.append("    nothing is known of its adapters")
    lines += [f"    adapter {one.name!r}: {_adapter(body, one)}" for one in body.adapters or ()]
    if body.enabled is False:
        lines.append("    its adapters are switched off")
    lines += [f"    {_line(document, node.lineno)}: {words}" for node, words in body.steps]
    return lines


def _adapter(body: Body, adapter: Adapter) -> str:
    active = "maybe active" if body.active is None else "active"
    if body.active is not None and adapter.name not in body.active:
        active = "not active"
    trainable = {True: "trainable", False: "frozen", None: "maybe trainable"}[adapter.trainable]
    merged = {True: ", merged", False: "", None: ", maybe merged"}[adapter.merged]
    return (
        f"{active}, {trainable}{merged}, its weights are {adapter.weights.value}, its dropout is "
        f"{_above(adapter.dropout)} and in {_mode(adapter.training)}"
    )


def _mode(mode: Fact) -> str:
    return {True: "train mode", False: "eval mode", None: "unknown mode"}[mode]


def _above(dropout: Fact) -> str:
    return {True: "above zero", False: "zero", None: "unknown"}[dropout]


def _rules(document: Document, target: Target) -> list[str]:
    """Say which rules looked at the document, and which of them found something."""
    rules = [rule for rule in all_rules() if rule.module]
    found = {finding.code for finding in find(document, rules, target)}
    lines = (
        []
        if scope.admits(document.text.encode("utf-8", "surrogatepass"))
        else ["the scope gate keeps this document out"]
    )
    if found:
        silent = f"; the other {len(rules) - len(found)} rules are silent"
        return [*lines, f"found something: {', '.join(sorted(found))}{silent}"]
    return [*lines, f"all {len(rules)} rules are silent"]
