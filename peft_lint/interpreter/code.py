"""What the text alone says of a piece of code: its words, the names it binds, its branches."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peft_lint.interpreter.values import ClassValue

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_LEAVING = (ast.Return, ast.Break, ast.Continue, ast.Global, ast.Nonlocal)
_NOTHING: frozenset[str] = frozenset()


class Facts:
    """One statement: its words, the names it binds in its scope, and what it does.

    `plain` when it goes on after itself, or raises, and only binds names. `assigns` when it
    assigns to an attribute of anything, `closes` when it makes functions that keep the names
    around them.
    """

    __slots__ = ("assigns", "bound", "closes", "plain", "words")

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.bound: set[str] = set()
        self.plain = True
        self.assigns = False
        self.closes = False

    def include(self, inner: Facts) -> None:
        """Take in a statement inside this one."""
        self.words |= inner.words
        self.bound |= inner.bound
        self.plain = self.plain and inner.plain
        self.assigns = self.assigns or inner.assigns
        self.closes = self.closes or inner.closes


class Code:
    """Facts about the nodes of one tree, found in a single walk."""

    def __init__(
        self, tree: ast.Module, words: Collection[str], familiar: Callable[[str], bool]
    ) -> None:
        self.owners: dict[ast.AST, ClassValue] = {}
        # Names of functions, methods and classes of the document that have been defined.
        self.defined: set[str] = set()
        self._familiar = familiar
        self._unfamiliar: set[str] = set()
        self._facts: dict[ast.AST, Facts] = {}
        self._globals: dict[ast.AST, set[str]] = {}
        self._nonlocals: dict[ast.AST, set[str]] = {}
        self._definitions: list[Definition] = []
        self._branches: dict[ast.AST, bool] = {}
        self._given_words = frozenset(words)
        self._leads: dict[tuple[frozenset[str], bool], frozenset[str]] = {}
        for statement in tree.body:
            self._walk(statement, tree)

    def _walk(self, statement: ast.stmt, scope: ast.AST) -> Facts:
        """Collect the facts of a statement; what stands inside it is part of it."""
        facts = self._facts[statement] = Facts()
        inner_scope = scope
        if isinstance(statement, _DEFINITIONS):
            self._definitions.append(statement)
            inner_scope = statement
        elif isinstance(statement, _LEAVING):
            facts.plain = False
            if isinstance(statement, ast.Global):
                self._globals.setdefault(scope, set()).update(statement.names)
            elif isinstance(statement, ast.Nonlocal):
                self._nonlocals.setdefault(scope, set()).update(statement.names)
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            self._note_import(statement, facts)
        stack: list[ast.AST] = [statement]
        while stack:
            node = stack.pop()
            held = node.__dict__
            # Fields only: who had the tree before may have hung parents on its nodes.
            for value in map(held.get, node._fields):
                if value.__class__ is list:
                    for child in value:
                        if isinstance(child, ast.stmt):
                            inner = self._walk(child, inner_scope)
                            facts.include(inner)
                            facts.closes = facts.closes or isinstance(child, _DEFINITIONS)
                        elif isinstance(child, ast.AST):
                            _look(child, facts, stack)
                elif isinstance(value, ast.AST):
                    _look(value, facts, stack)
        if isinstance(statement, _DEFINITIONS):
            facts.bound = {statement.name}
            facts.plain = False
        return facts

    def _note_import(self, node: ast.Import | ast.ImportFrom, facts: Facts) -> None:
        facts.plain = False
        for alias in node.names:
            module = "." if isinstance(node, ast.ImportFrom) and node.level else ""
            module += (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
            name = (alias.asname or alias.name).partition(".")[0]
            original = alias.name.rpartition(".")[2]
            facts.words.add(original)
            facts.bound.add(name)
            if alias.asname and original in self._given_words:
                # `from accelerate.utils import set_seed as seed`: the other name says it, too.
                self._given_words |= {alias.asname}
            if not self._familiar(module.partition(".")[0]):
                self._unfamiliar.add(name)

    def leads_to(self, names: frozenset[str], may_seed: bool) -> frozenset[str]:
        """Return the words that matter, and the functions and classes that lead to them.

        The words are `names` (of tracked objects), those that library models have, and if
        `may_seed` counts, what is imported from packages that nothing is known of.
        """
        found = self._leads.get((names, may_seed))
        if found is None:
            relevant = set(names | self._given_words)
            if may_seed:
                relevant |= self._unfamiliar
            left = [(node.name, self._facts[node].words) for node in self._definitions]
            while True:
                touching = [name for name, words in left if not relevant.isdisjoint(words)]
                if not touching:
                    break
                left = [pair for pair in left if relevant.isdisjoint(pair[1])]
                relevant.update(name for name in touching if not name.startswith("__"))
            found = frozenset(relevant)
            self._leads[(names, may_seed)] = found
        return found

    def facts(self, node: ast.AST) -> Facts:
        """Return the facts of a statement, or of a lambda."""
        found = self._facts.get(node)
        if found is None:
            found = self._facts[node] = Facts()
            stack = [node]
            while stack:
                for child in _children(stack.pop()):
                    _look(child, found, stack)
        return found

    def declared(self, node: ast.AST) -> tuple[Collection[str], Collection[str]]:
        """Return the names a function declares `global` and those it declares `nonlocal`."""
        return self._globals.get(node, _NOTHING), self._nonlocals.get(node, _NOTHING)

    def branches(self, node: ast.expr) -> bool:
        """Return whether evaluating `node` can take several ways."""
        found = self._branches.get(node)
        if found is None:
            found = False
            stack: list[ast.AST] = [node]
            while stack and not found:
                inner = stack.pop()
                found = self._branching(inner)
                stack += _children(inner)
            self._branches[node] = found
        return found

    def _branching(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name):
                return function.id in self.defined
            # Calling an object runs its `__call__` or `forward`.
            return not isinstance(function, ast.Attribute) or function.attr in self.defined
        return isinstance(node, (ast.IfExp, ast.BoolOp))


def _look(node: ast.AST, facts: Facts, stack: list[ast.AST]) -> None:
    """Note one node of a statement, and put it on the stack if there may be more below it."""
    while isinstance(node, ast.Attribute):
        facts.words.add(node.attr)
        if isinstance(node.ctx, ast.Store):
            facts.assigns = True
        node = node.value
    if isinstance(node, ast.Name):
        facts.words.add(node.id)
        if not isinstance(node.ctx, ast.Load):
            facts.bound.add(node.id)
    elif not isinstance(node, (ast.Constant, ast.expr_context)):
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            facts.plain = False
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "getattr" and len(node.args) > 1:
                name = getattr(node.args[1], "value", None)
                facts.words.update([name] if isinstance(name, str) else [])
        elif isinstance(node, ast.Lambda):
            facts.closes = True
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            facts.bound.add(node.name)
        stack.append(node)


def _children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below one, in any order; faster than `ast.iter_child_nodes`."""
    found: list[ast.AST] = []
    for value in map(node.__dict__.get, node._fields):
        if value.__class__ is list:
            # Names of `global` are texts, `**kwargs` in a dict display has no key.
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
