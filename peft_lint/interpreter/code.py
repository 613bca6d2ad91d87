"""What the text alone says of a piece of code: its words, what it leads to, its branches."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection

from peft_lint.lean import TYPE_CHECKING, Record
from peft_lint.outline import CLOSES, DEFINITIONS, LEAVES, SETTLES, children

if TYPE_CHECKING:
    from typing import Any

    from peft_lint.interpreter.values import ClassValue
    from peft_lint.outline import Outline

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_NOTHING: frozenset[str] = frozenset()


class Facts(Record):
    """The words of a node, or of several, and the attributes that they assign, of whatever."""

    words: set[str]
    assigned: set[str]

    @property
    def plain(self) -> bool:
        """Whether a statement goes on after itself, or raises, and only binds names."""
        return LEAVES not in self.words

    @property
    def closes(self) -> bool:
        """Whether functions are made that keep the names around them."""
        return CLOSES in self.words

    @property
    def settles(self) -> bool:
        """Whether an attribute or an item gets a constant, or names of a scope around a value."""
        return SETTLES in self.words


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

    def with_all(self, other: Reach) -> Reach:
        """Return what leads to all that another one does as well."""
        return Reach(
            (*self.parts, *other.parts),
            makes=self.makes or other.makes,
            touches=self.touches or other.touches,
            answers=self.answers or other.answers,
            seeds=self.seeds or other.seeds,
            settles=self.settles or other.settles,
        )


class Vocabulary(Record):
    """The names by which library models are known, sorted by what they do; see `Reach`."""

    makers: Collection[str]
    touchers: frozenset[str]
    answers: frozenset[str]
    seeds: Collection[str]


class Code:
    """Facts about the nodes of one tree, made when asked for."""

    def __init__(
        self,
        outline: Outline,
        vocabulary: Vocabulary,
        familiar: Callable[[str], bool],
        creates: Callable[[str], bool],
    ) -> None:
        self.owners: dict[ast.AST, ClassValue] = {}
        # Names of functions, methods and classes of the document that have been defined.
        self.defined: set[str] = set()
        self._outline = outline
        self._makers = set(vocabulary.makers)
        # Those of what seeds, or is out of view and may.
        self._seeds = set(vocabulary.seeds)
        self._touchers, self._answers = vocabulary.touchers, vocabulary.answers
        # None leads to an `__init__`.
        self._leading = {name for name in outline.definitions if not name.startswith("__")}
        self._facts: dict[ast.AST, Facts] = {}
        self._joined: dict[frozenset[str], Reach] = {}
        self._reach: dict[ast.AST, Reach] = {}
        self._branches: dict[ast.AST, bool] = {}
        for node in outline.imports:
            self._note_import(node, familiar, creates)

    def _note_import(
        self,
        node: ast.Import | ast.ImportFrom,
        familiar: Callable[[str], bool],
        creates: Callable[[str], bool],
    ) -> None:
        for alias in node.names:
            module = "." if isinstance(node, ast.ImportFrom) and node.level else ""
            module += (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
            name = (alias.asname or alias.name).partition(".")[0]
            original = alias.name.rpartition(".")[2]
            for known in (self._makers, self._seeds):
                if alias.asname and original in known:
                    # `from accelerate.utils import set_seed as seed`: both names say it.
                    known.add(alias.asname)
            if not familiar(module.partition(".")[0]):
                self._seeds.add(name)
            elif isinstance(node, ast.ImportFrom) and creates(f"{module}.{original}"):
                self._makers.add(name)

    @property
    def makes(self) -> bool:
        """Whether any word of the document is one of a library model that makes an object."""
        return not self._outline.vocabulary.isdisjoint(self._makers)

    def facts(self, node: ast.AST) -> Facts:
        """Return the facts of a node that has a part of the outline."""
        found = self._facts.get(node)
        if found is None:
            outline = self._outline
            part = outline.part(node)
            words = set(outline.words[part.start : part.end])
            assigned = outline.assigned.between(part.start, part.end)
            found = self._facts[node] = Facts(words, assigned)
        return found

    def bound(self, node: ast.AST) -> set[str]:
        """Return the names that a statement binds in its scope."""
        return {node.name} if isinstance(node, DEFINITIONS) else self._outline.part(node).bound

    def reach(self, node: ast.AST) -> Reach:
        """Return what a statement or function leads to."""
        found = self._reach.get(node)
        if found is None:
            facts = self.facts(node)
            found = self._said(facts)
            named = self._leading & facts.words
            if named:
                found = found.with_all(self._together(frozenset(named)))
            self._reach[node] = found
        return found

    def _together(self, names: frozenset[str]) -> Reach:
        """Return what the definitions with these names hold, and those they lead to."""
        found = self._joined.get(names)
        if found is None:
            words: set[str] = set()
            assigned: set[str] = set()
            left, seen = set(names), set(names)
            while left:
                for node in self._outline.definitions[left.pop()]:
                    facts = self.facts(node)
                    words |= facts.words
                    assigned |= facts.assigned
                    new = (self._leading & facts.words) - seen
                    left |= new
                    seen |= new
            found = self._joined[names] = self._said(Facts(words, assigned))
        return found

    def _said(self, facts: Facts) -> Reach:
        """Return what code leads to by its own words."""
        words = facts.words
        return Reach(
            (facts,),
            makes=not words.isdisjoint(self._makers),
            touches=not words.isdisjoint(self._touchers),
            answers=not words.isdisjoint(self._answers),
            seeds=not words.isdisjoint(self._seeds),
            settles=SETTLES in words,
        )

    def declared(self, node: ast.AST) -> tuple[Collection[str], Collection[str]]:
        """Return the names a function declares `global` and those it declares `nonlocal`."""
        outline = self._outline
        return outline.globals.get(node, _NOTHING), outline.nonlocals.get(node, _NOTHING)

    def branches(self, node: ast.expr) -> bool:
        """Return whether evaluating `node` can take several ways."""
        if isinstance(node, (ast.Name, ast.Constant)):
            return False
        found = self._branches.get(node)
        if found is None:
            found = self._branches[node] = self._branching(node)
        return found

    def _branching(self, root: ast.expr) -> bool:
        defined = self.defined
        stack: list[Any] = [root]
        while stack:
            node = stack.pop()
            kind = node.__class__
            if kind is ast.Name or kind is ast.Constant:
                continue
            if kind is ast.Attribute:
                stack.append(node.value)
                continue
            if kind is ast.Call:
                function = node.func
                if isinstance(function, ast.Name):
                    if function.id in defined:
                        return True
                elif not isinstance(function, ast.Attribute) or function.attr in defined:
                    # Calling an object runs its `__call__` or `forward`.
                    return True
                else:
                    stack.append(function.value)
                stack += node.args
                stack += [keyword.value for keyword in node.keywords]
                continue
            if kind is ast.IfExp or kind is ast.BoolOp:
                return True
            stack += children(node)
        return False
