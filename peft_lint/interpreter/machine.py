"""The machine: evaluates expressions in every feasible way and runs blocks on many worlds."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress

from peft_lint.document import Document
from peft_lint.events import Escaped, Event, PadTokenSet
from peft_lint.interpreter import (
    access,
    compound,
    conditions,
    expressions,
    relevance,
    statements,
)
from peft_lint.interpreter.code import Code
from peft_lint.interpreter.joining import MAX_WORLDS, settle
from peft_lint.interpreter.objects import (
    Arguments,
    Body,
    Config,
    Handle,
    Instance,
    Optimizer,
    Tool,
    uncertain,
)
from peft_lint.interpreter.values import (
    INERT,
    NOTHING_KNOWN,
    ClassValue,
    Function,
    Literal,
    Unknown,
    Value,
    contained,
    functions_in,
)
from peft_lint.interpreter.world import World
from peft_lint.lean import TYPE_CHECKING, Record
from peft_lint.library import registry
from peft_lint.project import Project
from peft_lint.versions import Target

if TYPE_CHECKING:
    from peft_lint.library.artifacts import Artifact

Observer = Callable[[ast.stmt, list[World], int], None]
# A statement is visited so often in one document; beyond it, what it binds is unknown.
MAX_VISITS = 8
# In functions that nothing calls the state is vague anyway: fewer worlds will do.
MAX_ENTRY_WORLDS = 3
# Expressions nest so deep; beyond it they are unknown.
MAX_DEPTH = 200


class DeadPath(Exception):  # noqa: N818 - ends a path, not an error
    """Raised inside an expression when no world comes back from it."""


class Choices(Record):
    """The decisions inside one expression: those to repeat, and those left to try.

    An expression with inner branches is evaluated once per combination of their outcomes;
    `path` is the combination under way, `memo` keeps what a call gave so that it runs once.
    """

    path: tuple[int, ...]
    memo: dict[tuple[int, ...], list[tuple[Value, World]]]
    taken: list[int]
    untried: list[tuple[int, ...]]

    def take(self, count: int) -> int:
        """Return which of `count` outcomes to follow now."""
        position = len(self.taken)
        if position < len(self.path):
            pick = self.path[position]
        else:
            pick = 0
            self.untried.extend((*self.taken, other) for other in range(1, count))
        self.taken.append(pick)
        return pick


class Flow(Record):
    """Where worlds go that leave a block early."""

    returned: list[tuple[Value, World]]
    broken: list[World]
    continued: list[World]
    raised: list[World]


class Context(Record):
    """What surrounds the statement under way, in any function.

    `no_grad` is how many functions were under way where gradients were switched off, None where
    they are on. `interactive` counts loops that ask a person. `raises` in blocks that a test
    expects to raise.
    `entry` is the function that no analysed call reached, None while the module runs.
    `loops` are those around the statement in its function; `sites` say for each of
    `functions` by which call it runs, and which loops are around that.
    """

    no_grad: int | None = None
    interactive: int = 0
    raises: bool = False
    entry: ast.AST | None = None
    loops: tuple[ast.AST, ...] = ()
    functions: tuple[ast.AST, ...] = ()
    sites: tuple[tuple[ast.AST, tuple[ast.AST, ...]], ...] = ()

    def around(self, loop: ast.AST, *, asks: bool) -> Context:
        """Return the context inside a loop, which may ask a person in each round."""
        return self._replace(loops=(*self.loops, loop), interactive=self.interactive + asks)

    def without_gradients(self) -> Context:
        """Return the context in which gradients are off, from here on if they were on."""
        off = self.no_grad is not None
        return self if off else self._replace(no_grad=len(self.functions))


class Machine:
    """Runs one document. `listener` hears every event, on the world in which it happens.

    `observer` is called after each statement with the worlds and the frame it ran in.
    """

    def __init__(
        self,
        document: Document,
        target: Target,
        listener: Callable[[Event, Machine], None],
        observer: Observer | None = None,
    ) -> None:
        self.document = document
        self.target = target
        self.observer = observer
        self.code = Code(
            document.outline, registry.vocabulary(), registry.is_familiar, registry.creates
        )
        self.world = World()
        self.frame = 0
        self.depth = 0
        self.nesting = 0
        self.context = Context()
        self.flow = Flow([], [], [], [])
        self.choices: Choices | None = None
        self.visits: dict[ast.stmt, int] = {}
        self.statement: ast.stmt | None = None
        self.degraded = 0
        # Inside hooks that a trainer runs in a mode of its own, nothing is reported.
        self.silent = False
        # Functions that were defined and not called yet, and those that were.
        self.pending: dict[ast.AST, Function] = {}
        self.reached: set[ast.AST] = set()
        # Functions that code out of view has had: it may have called them at that time.
        self.handed: set[ast.AST] = set()
        self.classes: dict[ast.ClassDef, ClassValue] = {}
        self.instantiated: set[ast.ClassDef] = set()
        # What lies in the document's folder, and what the document saves: by folder.
        self.project = Project(document.path)
        self.saved: dict[str, list[Artifact | None]] = {}
        # The worlds at the end of the module, and those in which the program was left before.
        self.ends: list[World] = []
        self.exits: list[World] = []
        self._listener = listener

    # events

    def emit(self, event: Event) -> None:
        """Tell the rules what just happened on the current world."""
        if not self.silent and not self.context.raises:
            self._listener(event, self)

    # expressions

    def eval(self, node: ast.expr) -> Value:
        """Evaluate `node` on the current world, which may be another one afterwards."""
        # Leaves, which are most of the nodes, nest no deeper.
        if node.__class__ is ast.Name:
            return access.name(self, node.id)
        if node.__class__ is ast.Constant:
            return Literal((node.value,), node)
        self.nesting += 1
        try:
            if self.nesting > MAX_DEPTH:
                return NOTHING_KNOWN
            return expressions.EVALUATORS[type(node)](self, node)
        finally:
            self.nesting -= 1

    def evaluate(self, node: ast.expr, world: World) -> list[tuple[Value, World]]:
        """Evaluate `node` on `world`, once for every outcome of the branches inside it."""
        if not self.code.branches(node):
            self.world = world
            outer, self.choices = self.choices, None
            try:
                return [(self.eval(node), self.world)]
            except DeadPath:
                return []
            finally:
                self.choices = outer
        results: list[tuple[Value, World]] = []
        memo: dict[tuple[int, ...], list[tuple[Value, World]]] = {}
        pending: list[tuple[int, ...]] = [()]
        outer = self.choices
        while pending and len(results) < 2 * MAX_VISITS:
            self.choices = Choices(pending.pop(), memo, [], [])
            self.world = world.fork()
            with suppress(DeadPath):
                results.append((self.eval(node), self.world))
            pending += self.choices.untried
        self.choices = outer
        return results

    def choose(self, outcomes: Callable[[], list[tuple[Value, World]]]) -> Value:
        """Continue with one outcome of a step that has several; the others follow later."""
        choices = self.choices
        if choices is None:
            results = outcomes()
            if not results:
                raise DeadPath
            merged = settle([world for _, world in results], limit=1)
            self.world = merged[0]
            return results[0][0] if len(results) == 1 else NOTHING_KNOWN
        place = tuple(choices.taken)
        if place not in choices.memo:
            choices.memo[place] = outcomes()
            self.choices = choices
        results = choices.memo[place]
        if not results:
            raise DeadPath
        value, world = results[choices.take(len(results))]
        self.world = world.fork()
        return value

    def decide(self, value: Value) -> bool:
        """Return whether `value` is true, following both answers where the text is silent."""
        known = conditions.known_truth(self, value, self.world)
        if known is not None:
            return known
        world = self.world
        choices = self.choices
        if choices is None:
            return True
        holds = choices.take(2) == 0
        self.world = world
        conditions.learn(value, holds, world)
        return holds

    # blocks

    def new_flow(self) -> Flow:
        """Open the way out of a function's body."""
        self.flow = Flow([], [], [], [])
        return self.flow

    def settle(self, worlds: list[World]) -> list[World]:
        """Merge worlds that agree, and keep as many as the analysis can afford here."""
        entry = self.context.entry is not None
        return settle(worlds, MAX_ENTRY_WORLDS if entry else MAX_WORLDS)

    def run_block(self, body: list[ast.stmt], worlds: list[World]) -> list[World]:
        """Run statements on all worlds; return the worlds that reach the end."""
        for statement in body:
            if not worlds:
                break
            count = self.visits.get(statement, 0) + 1
            self.visits[statement] = count
            if count > MAX_VISITS:
                self.degraded += 1
                self._skip(statement, worlds)
                continue
            before, frame = worlds, self.frame
            outer, self.statement = self.statement, statement
            if not relevance.matters(self, statement, worlds):
                relevance.leave_out(self, statement, worlds)
                self.statement = outer
                continue
            runner = compound.RUNNERS.get(type(statement))
            if runner is not None:
                worlds = self.settle(runner(self, statement, worlds))
            else:
                simple = statements.RUNNERS[type(statement)]
                after = []
                for world in worlds:
                    try:
                        after += simple(self, statement, world)
                    except DeadPath:
                        self.frame = frame
                # Worlds that differed before rarely agree after one simple statement.
                worlds = self.settle(after) if len(after) > len(worlds) else after
            self.statement = outer
            if len(worlds) > 1 and self.depth <= (self.context.entry is not None):
                # Here no expression is under way that could still hold an unnamed object.
                for world in worlds:
                    world.collect()
                worlds = self.settle(worlds)
            if self.observer is not None:
                # A `return` leaves no world behind; the ones it took show what it saw.
                self.observer(statement, worlds or before, self.frame)
        return worlds

    def _skip(self, statement: ast.stmt, worlds: list[World]) -> None:
        """Make unknown what a statement beyond the budget binds or touches."""
        words, bound = self.code.facts(statement).words, self.code.bound(statement)
        for world in worlds:
            self.world = world
            variables = world.frames[self.frame].variables
            # Words are a set: in another order rules would hear of it in another.
            for value in [variables[name] for name in sorted(words & variables.keys())]:
                self.escape(value)
            for name in bound:
                world.bind(self.frame, name, NOTHING_KNOWN)
            relevance.forget(self, world, self.frame, statement)

    @contextmanager
    def surrounded(self, context: Context) -> Iterator[None]:
        """Run what follows in another context."""
        outer, self.context = self.context, context
        try:
            yield
        finally:
            self.context = outer

    # values

    def fresh(self, node: ast.AST, *parts: Hashable) -> Unknown:
        """Return an unknown that is the same on all worlds of one visit of a statement."""
        visit = self.visits.get(self.statement, 0) if self.statement else 0
        return Unknown(("here", node, visit, self.frame, *parts))

    def escape(self, value: Value) -> None:
        """Give `value` to code out of view: it keeps its identity and nothing else."""
        if value.__class__ in INERT:
            return
        self.handed.update(functions_in(value))
        waiting = list(contained(value))
        if not waiting:
            return
        seen: set[int] = set()
        while waiting:
            number = waiting.pop()
            if number in seen:
                continue
            seen.add(number)
            state = self.world.heap.get(number)
            if state is None:
                continue
            # Who has an object has all that it holds.
            waiting += state.leads_to()
            if isinstance(state, Handle):
                self.world.put(number, _uncertain_handle(state))
                if self.statement is not None:
                    self.emit(Escaped(self.statement, number))
            elif isinstance(state, Body):
                self.world.put(number, uncertain(state))
            elif isinstance(state, Config):
                self.world.put(number, state._replace(fields=(), complete=False, escaped=True))
            elif isinstance(state, Arguments):
                self.world.put(number, state._replace(fields=(), complete=False))
            elif isinstance(state, Optimizer):
                self.world.put(number, state._replace(held=(), complete=False))
            elif isinstance(state, Instance):
                self.world.put(number, state.opened())
            elif isinstance(state, Tool):
                self._escape_tool(number, state, handed=number in contained(value))

    def _escape_tool(self, number: int, tool: Tool, handed: bool) -> None:
        if tool.fields:
            # The parts are what they are; what was noted of the whole holds no longer.
            parts = tuple(pair for pair in tool.fields if contained(pair[1]))
            self.world.put(number, tool._replace(fields=parts))
        if handed and self.statement:
            # A tokenizer that is handed over may come back with another token for padding.
            self.emit(PadTokenSet(self.statement, tool.node, None, None))


def _uncertain_handle(handle: Handle) -> Handle:
    return Handle(handle.body, handle.kind, handle.node, None, handle.inner, handle.settings)
