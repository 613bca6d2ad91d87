"""One walk over a tree: all words in it, and which of them each statement holds."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property

from peft_lint.lean import TYPE_CHECKING, Record

if TYPE_CHECKING:
    from typing import Any

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What stands among the words where code does more than name something: control leaves a
# statement, or a statement is none that only binds names; an attribute or an item gets a constant,
# or names of a scope around are declared; a function is made, which keeps the names around it.
LEAVES, SETTLES, CLOSES = "<leaves>", "<settles>", "<closes>"
# Builtins that name attributes by a text, or classes that are neither made nor changed.
_SPELLING = frozenset(("isinstance", "getattr", "setattr"))
# Longer texts are prose, or data.
_LONGEST_NAME = 80
# Fields that hold no node with a name in it, or, as annotations do, none that is evaluated.
_WITHOUT_NAMES = frozenset(
    "ctx op ops id attr arg kind level module names conversion annotation returns simple "
    "type_comment type_params posonlyargs kwonlyargs vararg kwarg is_async".split()
)


_DEFAULTS = ("defaults", "kw_defaults")


class _Fields(dict[type, tuple[str, ...]]):
    """For each kind of node the fields that lead to others: a walk has no time for the rest."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        # Of parameters only the defaults: their names are bound by who calls.
        fields = getattr(kind, "_fields", ()) if kind is not ast.arguments else _DEFAULTS
        self[kind] = found = tuple(name for name in fields if name not in _WITHOUT_NAMES)
        return found


_FIELDS = _Fields()


class Marks:
    """Names that belong to certain places in a list of words."""

    def __init__(self) -> None:
        self._places: list[int] = []
        self._names: list[str] = []

    def add(self, place: int, name: str) -> None:
        """Note a name; places never go down."""
        self._places.append(place)
        self._names.append(name)

    @cached_property
    def names(self) -> set[str]:
        """All names, whatever their places, once they are all there."""
        return set(self._names)

    def between(self, start: int, end: int) -> set[str]:
        """Return the names at the places from `start` up to `end`."""
        first = bisect_left(self._places, start)
        return set(self._names[first : bisect_left(self._places, end, first)])


class Part(Record):
    """The part of an outline's words that one node holds: where it begins and ends."""

    start: int
    end: int
    # The names bound in the scope in which the node is.
    marks: Marks

    @property
    def bound(self) -> set[str]:
        """The names that it binds in its scope, if it is no definition."""
        return self.marks.between(self.start, self.end)


class Outline:
    """All words of a tree in one list: names, attributes, and what is imported.

    `part` says which of them a statement, a lambda or another expression holds. `assigned` are
    the attributes that are assigned. Of definitions there is also a list by name, and one of
    imports; `globals` and `nonlocals` are the names that functions declare.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.words: list[str] = []
        self.assigned = Marks()
        self.definitions: dict[str, list[Definition]] = {}
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.globals: dict[ast.AST, set[str]] = {}
        self.nonlocals: dict[ast.AST, set[str]] = {}
        # Keywords of calls, texts, and names of definitions: they lead nowhere.
        self._others: list[str | None] = []
        self._parts: dict[ast.AST, Part] = {}
        self._walk(tree.body, tree)

    def part(self, node: ast.AST) -> Part:
        """Return the part of a node, which is walked again where few ask for its like."""
        found = self._parts.get(node)
        if found is None:
            start = len(self.words)
            marks = self._walk([node], None)
            found = self._parts[node] = Part(start, len(self.words), marks)
        return found

    @cached_property
    def vocabulary(self) -> set[str]:
        """All words, each once."""
        return set(self.words)

    @cached_property
    def names(self) -> set[str]:
        """All that may name something: words, keywords of calls, short texts, definitions."""
        others = {word for word in self._others if word and len(word) < _LONGEST_NAME}
        return others | self.vocabulary

    def says(self, word: str) -> bool:
        """Return whether a word is among the names; `*word*` is any part of one."""
        return word.strip("*") in (self._joined if word[0] == "*" else self.names)

    @cached_property
    def _joined(self) -> str:
        return "\n".join(self.names)

    def _walk(self, nodes: list[Any], scope: ast.AST | None) -> Marks:  # noqa: PLR0915
        """Take in nodes, in any order but each whole; return the names that they bind.

        `scope` is what they are the body of, None where they have been seen before.
        """
        # In one piece: every node passes here, and a call for each would cost more than the rest.
        words, others = self.words, self._others
        bound = Marks()
        stack = [*nodes]
        while stack:
            node = stack.pop()
            kind = node.__class__
            if kind is ast.Name:
                if node.ctx.__class__ is not ast.Load:
                    bound.add(len(words), node.id)
                words.append(node.id)
                continue
            if kind is ast.Constant:
                if node.value.__class__ is str:
                    others.append(node.value)
                continue
            if kind is ast.Attribute:
                if node.ctx.__class__ is ast.Store:
                    self.assigned.add(len(words), node.attr)
                words.append(node.attr)
                stack.append(node.value)
                continue
            if kind is ast.Call:
                function, args = node.func, node.args
                if function.__class__ is ast.Name and function.id in _SPELLING:
                    args = self._spelled(function.id, args)
                stack.append(function)
                stack += args
                for keyword in node.keywords:
                    others.append(keyword.arg)
                    stack.append(keyword.value)
                continue
            if kind is ast.Assign:
                if node.value.__class__ is ast.Constant and _sets_parts(node.targets):
                    words.append(SETTLES)
                stack.append(node.value)
                stack += node.targets
                continue
            if node is _END:
                start = stack.pop()
                self._parts[stack.pop()] = Part(start, len(words), bound)
                continue
            if kind in _DEFINING:
                self._define(node, bound)
                continue
            if kind in _ASKED_FOR:
                if kind is ast.Lambda:
                    words.append(CLOSES)
                # On top of them comes what is inside; all of it has been seen when they are left.
                stack += (node, len(words), _END)
            elif kind in _NOTED:
                self._note(node, scope, bound)
            for name in _FIELDS[kind]:
                value = getattr(node, name, None)
                if value.__class__ is list:
                    # Some hold more than nodes: `**kwargs` in a dict display has no key.
                    stack += value
                elif value is not None:
                    stack.append(value)
        return bound

    def _define(self, node: Definition, bound: Marks) -> None:
        """Take in a definition, whose own part begins behind what the scope around has of it."""
        bound.add(len(self.words), node.name)
        self.words += (LEAVES, CLOSES)
        self._others.append(node.name)
        self.definitions.setdefault(node.name, []).append(node)
        start = len(self.words)
        marks = self._walk(children(node), node)
        self._parts[node] = Part(start, len(self.words), marks)

    def _note(self, node: ast.AST, scope: ast.AST | None, bound: Marks) -> None:
        """Note what a node does that is more than the words in it."""
        words = self.words
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            words += (LEAVES, SETTLES)
            if scope is not None:
                declared = self.globals if isinstance(node, ast.Global) else self.nonlocals
                declared.setdefault(scope, set()).update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            words.append(LEAVES)
            self.imports.append(node)
            for alias in node.names:
                bound.add(len(words), (alias.asname or alias.name).partition(".")[0])
                words.append(alias.name.rpartition(".")[2])
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
            if node.name:
                bound.add(len(words), node.name)
                words.append("")
        else:
            words.append(LEAVES)

    def _spelled(self, function: str, args: list[ast.expr]) -> list[ast.expr]:
        """Take in what a call says by a text; return the arguments that lead to words."""
        if function == "isinstance":
            # The classes of a question are neither made nor changed.
            return args[:1]
        text = getattr(args[1], "value", None) if len(args) > 1 else None
        if isinstance(text, str):
            if function == "setattr":
                self.assigned.add(len(self.words), text)
            self.words.append(text)
        return args


def _sets_parts(targets: list[ast.expr]) -> bool:
    """Return whether one of the targets of an assignment is an attribute or an item."""
    return any(isinstance(one, (ast.Attribute, ast.Subscript)) for one in targets)


_DEFINING = frozenset(DEFINITIONS)
# Kinds of node of which most are asked for: what may be left out, and what is called.
_ASKED_FOR = frozenset(
    (
        *(ast.Expr, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try),
        *(ast.Match, ast.Lambda),
    )
)
# Stands on a stack above a node and the place where its part begins.
_END = object()
# Kinds of node that do more than say words.
_NOTED = frozenset(
    (
        *(ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom),
        *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar),
        *(ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom),
    )
)


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all nodes in it, as far as they may hold names."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack += children(one)


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope's body, without those of the scopes inside it."""
    stack = children(scope)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*DEFINITIONS, ast.Lambda)):
            stack += children(node)


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below one, in any order; faster than `ast.iter_child_nodes`."""
    found: list[ast.AST] = []
    for name in _FIELDS[node.__class__]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [one for one in value if isinstance(one, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found
