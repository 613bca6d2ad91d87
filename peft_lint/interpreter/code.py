"""What the text alone says of a piece of code: its words, the names it binds, its branches."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peft_lint.interpreter.values import ClassValue

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Code:
    """Facts about the nodes of one tree, found when first asked for."""

    def __init__(self, tree: ast.Module, words: Collection[str]) -> None:
        self.tree = tree
        self.owners: dict[ast.AST, ClassValue] = {}
        self.decorated: set[ast.AST] = set()
        # Names of functions, methods and classes of the document that have been defined.
        self.defined: set[str] = set()
        self._words: dict[ast.AST, frozenset[str]] = {}
        self._bound: dict[ast.AST, frozenset[str]] = {}
        self._branches: dict[ast.AST, bool] = {}
        self._declared: dict[ast.AST, tuple[frozenset[str], frozenset[str]]] = {}
        self.relevant_words = self._relevant(words)

    def _relevant(self, words: Collection[str]) -> frozenset[str]:
        """Return `words` and the names of the functions and classes that lead to them."""
        relevant = set(words)
        left = [(node.name, self.words(node)) for node in _definitions(self.tree.body)]
        while True:
            found = [pair for pair in left if not relevant.isdisjoint(pair[1])]
            if not found:
                return frozenset(relevant)
            relevant.update(name for name, _ in found if not name.startswith("__"))
            left = [pair for pair in left if pair not in found]

    def words(self, node: ast.AST) -> frozenset[str]:
        """Return the names and attributes that occur in `node`."""
        found = self._words.get(node)
        if found is None:
            found = frozenset(_words(node))
            self._words[node] = found
        return found

    def bound(self, node: ast.AST) -> frozenset[str]:
        """Return the names that a statement binds in its own scope."""
        found = self._bound.get(node)
        if found is None:
            found = frozenset(_bound(node))
            self._bound[node] = found
        return found

    def declared(self, node: FunctionNode) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names a function declares `global` and those it declares `nonlocal`."""
        found = self._declared.get(node)
        if found is None:
            outer: set[str] = set()
            enclosing: set[str] = set()
            for inner in own_nodes(node):
                if isinstance(inner, ast.Global):
                    outer.update(inner.names)
                elif isinstance(inner, ast.Nonlocal):
                    enclosing.update(inner.names)
            found = (frozenset(outer), frozenset(enclosing))
            self._declared[node] = found
        return found

    def branches(self, node: ast.expr) -> bool:
        """Return whether evaluating `node` can take several ways."""
        found = self._branches.get(node)
        if found is None:
            found = any(self._branching(inner) for inner in ast.walk(node))
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


def _definitions(body: list[ast.stmt]) -> Iterator[Definition]:
    """Yield every `def` and `class` of a block and of the blocks inside it."""
    stack = list(body)
    while stack:
        statement = stack.pop()
        if isinstance(statement, Definition):
            yield statement
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            stack.extend(getattr(statement, part, ()))


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope's body, without those of the scopes inside it."""
    stack: list[ast.AST] = list(ast.iter_child_nodes(scope))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _SCOPES):
            stack.extend(ast.iter_child_nodes(node))


def _words(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Attribute):
            yield inner.attr
        elif isinstance(inner, ast.alias):
            yield inner.name.rpartition(".")[2]


def _bound(node: ast.AST) -> Iterator[str]:
    for inner in (node, *own_nodes(node)):
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            yield inner.id
        elif isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield inner.name
        elif isinstance(inner, ast.alias):
            yield (inner.asname or inner.name).partition(".")[0]
        elif isinstance(inner, ast.ExceptHandler) and inner.name:
            yield inner.name
        elif isinstance(inner, (ast.MatchAs, ast.MatchStar)) and inner.name:
            yield inner.name
