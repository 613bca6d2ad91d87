"""What a rule sees while events happen: the world, the code around it, and the document."""

from __future__ import annotations

import ast
from collections.abc import Collection

from peft_lint.document import Document
from peft_lint.events import Event, ModelEvent, Trained, TrainerMade
from peft_lint.interpreter import releases
from peft_lint.interpreter.machine import Context, Machine
from peft_lint.interpreter.objects import Body, Handle, Instance, Trainer
from peft_lint.interpreter.values import Symbol, Value, literal
from peft_lint.interpreter.world import World
from peft_lint.lean import Record


class Place(Record):
    """Where something happens as one function sees it: there, or in a call that it makes.

    `node` is the event's own expression, or the call that leads to it; `loops` are around it.
    """

    function: ast.AST | None
    node: ast.AST
    loops: tuple[ast.AST, ...]

    @property
    def end(self) -> tuple[int, int]:
        """Where it ends in the text: an argument's call before the one that it is for."""
        return getattr(self.node, "end_lineno", 0), getattr(self.node, "end_col_offset", 0)


class Scene(Record):
    """The machine as rules may look at it; it is on the event's world when a rule is called."""

    machine: Machine

    @property
    def world(self) -> World:
        """The world on which the event happens."""
        return self.machine.world

    @property
    def document(self) -> Document:
        """The document under analysis."""
        return self.machine.document

    @property
    def context(self) -> Context:
        """The loops, functions and `with` blocks around the event."""
        return self.machine.context

    @property
    def function(self) -> ast.AST | None:
        """The innermost function around the event, None in the module."""
        functions = self.context.functions
        return functions[-1] if functions else None

    @property
    def loop(self) -> ast.AST | None:
        """The innermost loop around the event in its function, None outside loops."""
        loops = self.context.loops
        return loops[-1] if loops else None

    def handle(self, event: ModelEvent) -> Handle:
        """Return the handle that an event is about."""
        state = self.world.heap[event.handle]
        assert isinstance(state, Handle)
        return state

    def body(self, event: ModelEvent) -> Body:
        """Return the body of the handle that an event is about."""
        return self.world.body(self.handle(event))

    def trainer(self, event: Trained) -> Trainer | None:
        """Return the trainer that runs, None where the code trains by hand."""
        state = self.world.heap.get(event.trainer) if event.trainer is not None else None
        return state if isinstance(state, Trainer) else None

    def model(self, event: TrainerMade) -> Handle | None:
        """Return the model that a trainer gets, None where it is out of view."""
        state = self.world.heap.get(event.model) if event.model is not None else None
        return state if isinstance(state, Handle) else None

    def in_doubt(self, library: str) -> bool:
        """Return whether what happens here depends on an open test of the library's release."""
        return any(
            releases.mentions(condition, library)
            and releases.decided(condition, self.machine.target) is None
            for condition in self.world.facts
        )

    def value(self, node: ast.expr) -> Value | None:
        """Return what a name holds, or an attribute of an object in view; else None."""
        if isinstance(node, ast.Name):
            return self.world.lookup(self.machine.frame, node.id)
        if isinstance(node, ast.Attribute):
            owner = self.world.state(self.value(node.value))
            return owner.get(node.attr) if isinstance(owner, Instance) else None
        return None

    def constant(self, node: ast.expr) -> object:
        """Return the one constant that an expression is, or a name for it; `...` for all else."""
        if isinstance(node, ast.Constant):
            return node.value
        return literal(self.value(node), ...)

    def assigns(self, *attributes: str) -> bool:
        """Return whether the document assigns an attribute of one of these names, to anything."""
        return not self.document.outline.assigned.names.isdisjoint(attributes)

    def names(self, words: Collection[str]) -> bool:
        """Return whether the document has one of these words as a name, or as an attribute."""
        return not self.document.outline.vocabulary.isdisjoint(words)

    def symbol(self, node: ast.expr) -> str | None:
        """Return the imported dotted name that an expression spells, None for all else."""
        rest: list[str] = []
        while isinstance(node, ast.Attribute):
            rest.insert(0, node.attr)
            node = node.value
        found = self.value(node) if isinstance(node, ast.Name) else None
        return ".".join([found.name, *rest]) if isinstance(found, Symbol) else None

    def places(self, event: Event) -> tuple[Place, ...]:
        """Return where an event happens for the module and each function under way."""
        context = self.context
        functions = (None, *context.functions)
        sites = (*context.sites, (event.node, context.loops))
        return tuple(
            Place(function, node, loops)
            for function, (node, loops) in zip(functions, sites, strict=True)
        )
