"""What the text alone says of a piece of code: its words, the names it binds, its branches."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from collections.abc import Set as AbstractSet

from peft_lint.lean import TYPE_CHECKING, Record

if TYPE_CHECKING:
    from typing import Any

    from peft_lint.interpreter.values import ClassValue

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEAVING = (ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom)
_NOTHING: frozenset[str] = frozenset()
# Builtins of which `_spelled` knows more than the words in their arguments.
_SPELLING = frozenset(("isinstance", "getattr", "setattr"))
# Fields that hold no node with a name in it, or, as annotations do, none that is evaluated.
_LEAVES = frozenset(
    "ctx op ops id attr arg kind level module names conversion annotation returns simple "
    "type_comment type_params posonlyargs kwonlyargs vararg kwarg is_async".split()
)


class _Fields(dict[type, tuple[str, ...]]):
    """For each kind of node the fields that lead to others: a walk has no time for the rest."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        fields = getattr(kind, "_fields", ())
        self[kind] = found = tuple(name for name in fields if name not in _LEAVES)
        return found


_FIELDS = _Fields()


class Facts:
    """One statement: its words, the names it binds in its scope, and what it does.

    `plain` when it goes on after itself, or raises, and only binds names. `assigned` are the
    attributes that it assigns, of whatever; `settles` when an attribute or an item gets a
    constant, or it assigns names of a scope around it. `closes` when it makes functions that
    keep the names around them.
    """

    __slots__ = ("assigned", "bound", "closes", "plain", "settles", "words")

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.bound: set[str] = set()
        self.assigned: set[str] = set()
        self.settles = False
        self.plain = True
        self.closes = False

    def include(self, inner: Facts) -> None:
        """Take in a statement inside this one."""
        self.words |= inner.words
        self.bound |= inner.bound
        self.assigned |= inner.assigned
        self.settles = self.settles or inner.settles
        self.plain = self.plain and inner.plain
        self.closes = self.closes or inner.closes


class Reach(Record):
    """What code leads to: its own facts, and all facts of the definitions that it names.

    `makes` when some word of it is one of a library model that makes a tracked object,
    `touches` when one changes parameters of models that are there, `answers` when one decides
    what a call returns, or whether it does. `seeds` when one seeds the random generator or is
    out of view and may. `settles` as of the facts.
    """

    parts: tuple[Facts, ...]
    makes: bool
    touches: bool
    answers: bool
    seeds: bool
    settles: bool

    def says(self, name: str) -> bool:
        """Return whether a name is among the words."""
        return name in self.parts[0].words or name in self.parts[-1].words


class Vocabulary(Record):
    """The names by which library models are known, sorted by what they do; see `Reach`."""

    makers: Collection[str]
    touchers: frozenset[str]
    answers: frozenset[str]
    seeds: Collection[str]


class Code:
    """Facts about the nodes of one tree: of definitions at once, of what is in them when asked."""

    def __init__(
        self,
        tree: ast.Module,
        vocabulary: Vocabulary,
        familiar: Callable[[str], bool],
        creates: Callable[[str], bool],
    ) -> None:
        self.owners: dict[ast.AST, ClassValue] = {}
        # Names of functions, methods and classes of the document that have been defined.
        self.defined: set[str] = set()
        self._makers = set(vocabulary.makers)
        # Those of what seeds, or is out of view and may.
        self._seeds = set(vocabulary.seeds)
        self._touchers, self._answers = vocabulary.touchers, vocabulary.answers
        self._familiar, self._creates = familiar, creates
        self._facts: dict[ast.AST, Facts] = {}
        self._named: dict[str, list[Facts]] = {}
        self._joined: dict[frozenset[str], Facts] = {}
        self._reach: dict[ast.AST, Reach] = {}
        self._globals: dict[ast.AST, set[str]] = {}
        self._nonlocals: dict[ast.AST, set[str]] = {}
        self._branches: dict[ast.AST, bool] = {}
        for statement in tree.body:
            self._walk(statement, tree)

    def _walk(self, root: ast.AST, scope: ast.AST | None) -> Facts:
        """Collect the facts of a node; what stands inside it is part of it.

        `scope` is the one around it, None where the definitions inside are known already.
        """
        facts = self._facts[root] = Facts()
        words = facts.words
        if isinstance(root, _DEFINITIONS):
            self._named.setdefault(root.name, []).append(facts)
            scope = root
        stack: list[Any] = _children(root) if isinstance(root, ast.Lambda) else [root]
        while stack:
            node = stack.pop()
            kind = node.__class__
            while kind is ast.Attribute:
                words.add(node.attr)
                if node.ctx.__class__ is ast.Store:
                    facts.assigned.add(node.attr)
                node = node.value
                kind = node.__class__
            if kind is ast.Name:
                words.add(node.id)
                if node.ctx.__class__ is not ast.Load:
                    facts.bound.add(node.id)
                continue
            if kind is ast.Constant:
                continue
            if kind in _DEFINITIONS and node is not root:
                facts.include(self._facts.get(node) or self._walk(node, scope))
                facts.closes = True
                continue
            if kind is ast.Call:
                function, args = node.func, node.args
                if function.__class__ is ast.Name and function.id in _SPELLING:
                    args = _spelled(function.id, args, facts)
                stack.append(function)
                stack += args
                for keyword in node.keywords:
                    stack.append(keyword.value)
                continue
            if kind in _NOTED:
                self._note(node, facts, scope)
            for name in _FIELDS[kind]:
                value = getattr(node, name, None)
                if value.__class__ is list:
                    # Some hold more than nodes: `**kwargs` in a dict display has no key.
                    stack += value
                elif value is not None:
                    stack.append(value)
        if isinstance(root, _DEFINITIONS):
            facts.bound = {root.name}
            facts.plain = False
        return facts

    def _note(self, node: ast.AST, facts: Facts, scope: ast.AST | None) -> None:
        """Note what a node does that is more than the words in it."""
        if isinstance(node, ast.Assign):
            if isinstance(node.value, ast.Constant):
                kinds = (ast.Attribute, ast.Subscript)
                settles = any(isinstance(one, kinds) for one in node.targets)
                facts.settles = facts.settles or settles
        elif isinstance(node, _LEAVING):
            facts.plain = False
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            facts.plain = False
            facts.settles = True
            if scope is not None:
                declared = self._globals if isinstance(node, ast.Global) else self._nonlocals
                declared.setdefault(scope, set()).update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self._note_import(node, facts)
        elif isinstance(node, ast.Lambda):
            facts.closes = True
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            facts.bound.add(node.name)

    def _note_import(self, node: ast.Import | ast.ImportFrom, facts: Facts) -> None:
        facts.plain = False
        for alias in node.names:
            module = "." if isinstance(node, ast.ImportFrom) and node.level else ""
            module += (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
            name = (alias.asname or alias.name).partition(".")[0]
            original = alias.name.rpartition(".")[2]
            facts.words.add(original)
            facts.bound.add(name)
            for known in (self._makers, self._seeds):
                if alias.asname and original in known:
                    # `from accelerate.utils import set_seed as seed`: both names say it.
                    known.add(alias.asname)
            if not self._familiar(module.partition(".")[0]):
                self._seeds.add(name)
            elif isinstance(node, ast.ImportFrom) and self._creates(f"{module}.{original}"):
                self._makers.add(name)

    def facts(self, node: ast.AST) -> Facts:
        """Return the facts of a statement, or of a lambda."""
        return self._facts.get(node) or self._walk(node, None)

    def reach(self, node: ast.AST) -> Reach:
        """Return what a statement or function leads to."""
        found = self._reach.get(node)
        if found is None:
            own = self.facts(node)
            named = self._definitions(own.words)
            parts = (own, self._together(named)) if named else (own,)
            found = self._reach[node] = Reach(
                parts,
                makes=_says_any(parts, self._makers),
                touches=_says_any(parts, self._touchers),
                answers=_says_any(parts, self._answers),
                seeds=_says_any(parts, self._seeds),
                settles=any(part.settles for part in parts),
            )
        return found

    def _definitions(self, words: set[str]) -> frozenset[str]:
        """Return those of some words that name definitions; none leads to an `__init__`."""
        named = self._named.keys() & words
        return frozenset(name for name in named if not name.startswith("__"))

    def _together(self, names: frozenset[str]) -> Facts:
        """Return all facts of the definitions with these names, and of those they lead to."""
        found = self._joined.get(names)
        if found is None:
            found = self._joined[names] = Facts()
            left, seen = set(names), set(names)
            while left:
                for facts in self._named[left.pop()]:
                    found.include(facts)
                    new = self._definitions(facts.words) - seen
                    left |= new
                    seen |= new
        return found

    def declared(self, node: ast.AST) -> tuple[Collection[str], Collection[str]]:
        """Return the names a function declares `global` and those it declares `nonlocal`."""
        return self._globals.get(node, _NOTHING), self._nonlocals.get(node, _NOTHING)

    def branches(self, node: ast.expr) -> bool:
        """Return whether evaluating `node` can take several ways."""
        if isinstance(node, (ast.Name, ast.Constant)):
            return False
        found = self._branches.get(node)
        if found is None:
            found = self._branches[node] = any(map(self._branching, inside(node)))
        return found

    def _branching(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name):
                return function.id in self.defined
            # Calling an object runs its `__call__` or `forward`.
            return not isinstance(function, ast.Attribute) or function.attr in self.defined
        return isinstance(node, (ast.IfExp, ast.BoolOp))


def _says_any(parts: tuple[Facts, ...], words: AbstractSet[str]) -> bool:
    return any(not words.isdisjoint(part.words) for part in parts)


def _spelled(function: str, args: list[ast.expr], facts: Facts) -> list[ast.expr]:
    """Note what a call says by a text; return the arguments that lead to words."""
    if function == "isinstance":
        # The classes of a question are neither made nor changed.
        return args[:1]
    text = getattr(args[1], "value", None) if len(args) > 1 else None
    if isinstance(text, str):
        facts.words.add(text)
        if function == "setattr":
            facts.assigned.add(text)
    return args


# Kinds of node that do more than say words.
_NOTED = frozenset(
    (
        *(ast.Assign, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom),
        *(ast.Lambda, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, *_LEAVING),
    )
)


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all nodes in it, as far as they may hold names."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack += _children(one)


def _children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below one, in any order; faster than `ast.iter_child_nodes`."""
    found: list[ast.AST] = []
    for name in _FIELDS[node.__class__]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [one for one in value if isinstance(one, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope's body, without those of the scopes inside it."""
    stack = _children(scope)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*_DEFINITIONS, ast.Lambda)):
            stack += _children(node)
