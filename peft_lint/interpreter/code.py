"""What the text alone says of a piece of code: its words, the names it binds, its branches."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peft_lint.interpreter.values import ClassValue

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CAPTURES = (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
_NOTHING: frozenset[str] = frozenset()


class Code:
    """Facts about the nodes of one tree, found in one walk or when first asked for."""

    def __init__(self, tree: ast.Module, words: Collection[str]) -> None:
        self.owners: dict[ast.AST, ClassValue] = {}
        self.decorated: set[ast.AST] = set()
        # Names of functions, methods and classes of the document that have been defined.
        self.defined: set[str] = set()
        self._words: dict[ast.AST, set[str] | frozenset[str]] = {}
        self._globals: dict[ast.AST, set[str]] = {}
        self._nonlocals: dict[ast.AST, set[str]] = {}
        self._definitions: list[Definition] = []
        self._bound: dict[ast.AST, frozenset[str]] = {}
        self._branches: dict[ast.AST, bool] = {}
        self._assigning: dict[ast.AST, bool] = {}
        self._given_words = frozenset(words)
        self._leads: dict[frozenset[str], frozenset[str]] = {}
        self._walk(tree)

    def _walk(self, scope: ast.AST) -> set[str]:
        """Collect the words of a scope; what stands in an inner one belongs to the outer too."""
        words: set[str] = set()
        self._words[scope] = words
        stack = list(_children(scope))
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Name):
                words.add(node.id)
            elif isinstance(node, ast.Attribute):
                words.add(node.attr)
                stack.append(node.value)
            elif isinstance(node, _DEFINITIONS):
                self._definitions.append(node)
                words |= self._walk(node)
            elif isinstance(node, ast.alias):
                words.add(node.name.rpartition(".")[2])
            elif isinstance(node, ast.Global):
                self._globals.setdefault(scope, set()).update(node.names)
            elif isinstance(node, ast.Nonlocal):
                self._nonlocals.setdefault(scope, set()).update(node.names)
            elif not isinstance(node, ast.Constant):
                stack += _children(node)
        return words

    def leads_to(self, names: frozenset[str]) -> frozenset[str]:
        """Return the words that matter, and the functions and classes that lead to them.

        The words are `names` (of tracked objects) and those that library models have.
        """
        found = self._leads.get(names)
        if found is None:
            relevant = set(names | self._given_words)
            left = [(node.name, self._words[node]) for node in self._definitions]
            while True:
                touching = [name for name, words in left if not relevant.isdisjoint(words)]
                if not touching:
                    break
                left = [pair for pair in left if relevant.isdisjoint(pair[1])]
                relevant.update(name for name in touching if not name.startswith("__"))
            found = frozenset(relevant)
            self._leads[names] = found
        return found

    def words(self, node: ast.AST) -> Collection[str]:
        """Return the names and attributes that occur in `node`."""
        found = self._words.get(node)
        if found is None:
            found = frozenset(
                inner.id if isinstance(inner, ast.Name) else inner.attr
                for inner in ast.walk(node)
                if isinstance(inner, (ast.Name, ast.Attribute))
            )
            self._words[node] = found
        return found

    def bound(self, node: ast.AST) -> frozenset[str]:
        """Return the names that a statement binds in its own scope."""
        found = self._bound.get(node)
        if found is None:
            found = frozenset(_bound(node))
            self._bound[node] = found
        return found

    def declared(self, node: ast.AST) -> tuple[Collection[str], Collection[str]]:
        """Return the names a function declares `global` and those it declares `nonlocal`."""
        return self._globals.get(node, _NOTHING), self._nonlocals.get(node, _NOTHING)

    def assigns_attributes(self, node: ast.AST) -> bool:
        """Return whether a function assigns to an attribute of anything."""
        found = self._assigning.get(node)
        if found is None:
            found = any(
                isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store)
                for inner in own_nodes(node)
            )
            self._assigning[node] = found
        return found

    def branches(self, node: ast.expr) -> bool:
        """Return whether evaluating `node` can take several ways."""
        found = self._branches.get(node)
        if found is None:
            found = False
            stack: list[ast.AST] = [node]
            while stack and not found:
                inner = stack.pop()
                found = self._branching(inner)
                stack.extend(_children(inner))
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


def _children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below one, in any order; faster than `ast.iter_child_nodes`."""
    found: list[ast.AST] = []
    for value in node.__dict__.values():
        if value.__class__ is list:
            found += value
        elif isinstance(value, ast.AST):
            found.append(value)
    # Names of `global` are texts, `**kwargs` in a dict display has no key.
    return [one for one in found if isinstance(one, ast.AST)]


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope's body, without those of the scopes inside it."""
    stack: list[ast.AST] = list(ast.iter_child_nodes(scope))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*_DEFINITIONS, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))


def _bound(node: ast.AST) -> Iterator[str]:
    for inner in (node, *own_nodes(node)):
        if isinstance(inner, ast.Name):
            if not isinstance(inner.ctx, ast.Load):
                yield inner.id
        elif isinstance(inner, ast.alias):
            yield (inner.asname or inner.name).partition(".")[0]
        elif isinstance(inner, (*_DEFINITIONS, *_CAPTURES)) and inner.name:
            yield inner.name
