"""How a document spells an imported symbol, and the import to add where it cannot yet."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from peft_lint.document import Document
from peft_lint.finding import Edit
from peft_lint.locations import Block, Definition, Location, start_of, walk_blocks
from peft_lint.names import COMPREHENSIONS, bindings, bound_name, declared_elsewhere
from peft_lint.suspicion import NoFix
from peft_lint.syntax import import_lists, lines

_Import = ast.Import | ast.ImportFrom


@dataclass(frozen=True, slots=True)
class _Imported:
    """One name bound by an import: `symbol` is the dotted name it stands for."""

    name: str
    symbol: str
    alias: ast.alias
    statement: _Import
    blocks: tuple[Block, ...]

    @property
    def scope(self) -> ast.AST:
        return Location(self.blocks, ()).scopes[-1]


class Imports:
    """All imports of a document and the names its scopes bind; shared by many plans."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._bound: dict[ast.AST, list[tuple[str, ast.AST]]] = {}

    @cached_property
    def imported(self) -> list[_Imported]:
        """Every name that an absolute import binds, in the order of the text."""
        found: list[_Imported] = []
        for blocks in walk_blocks(self.document.tree):
            statement = blocks[-1].statement
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    symbol = alias.name if alias.asname else bound_name(alias)
                    found.append(_Imported(bound_name(alias), symbol, alias, statement, blocks))
            elif isinstance(statement, ast.ImportFrom) and statement.level == 0:
                for alias in statement.names:
                    symbol = f"{statement.module}.{alias.name}"
                    found.append(_Imported(bound_name(alias), symbol, alias, statement, blocks))
        return found

    @cached_property
    def declared(self) -> frozenset[str]:
        """Names that some function declares global or nonlocal: bound who knows when."""
        return declared_elsewhere(self.document.tree)

    def binders(self, scope: ast.AST, name: str) -> list[ast.AST]:
        """Return the nodes that bind `name` in `scope`."""
        if scope not in self._bound:
            self._bound[scope] = list(bindings(scope))
        return [node for bound, node in self._bound[scope] if bound == name]

    def usable(self, item: _Imported, target: Location) -> bool:
        """Tell whether `item.name` means `item.symbol` at `target`, beyond doubt."""
        return (
            item.scope in _visible(target)
            and dominates(item.blocks, target.blocks)
            and self.free(item.name, item.symbol, item.scope, target, item.blocks)
            and not self._star_after(item.statement, item.symbol)
        )

    def free(
        self,
        name: str,
        symbol: str,
        scope: ast.AST,
        target: Location,
        blocks: tuple[Block, ...] = (),
    ) -> bool:
        """Tell whether `name`, bound in `scope`, would mean nothing but `symbol` at `target`.

        Handlers of a `try` around the import at `blocks` may bind it to a stand-in.
        """
        if name in self.declared:
            return False
        inner = [*_visible(target), *_inner_scopes(target)]
        for between in inner[inner.index(scope) + 1 :]:
            if self.binders(between, name):
                return False
        same = {id(item.alias) for item in self.imported if item.symbol == symbol}
        spared = {
            id(node)
            for block in blocks
            if isinstance(block.owner, ast.Try)
            for handler in block.owner.handlers
            for node in ast.walk(handler)
        }
        return all(id(node) in same | spared for node in self.binders(scope, name))

    def shadows_star(self, name: str, package: str) -> bool:
        """Tell whether code may mean by `name` something that another package's star brings."""
        tree = self.document.tree
        stars = [i for i in self.imported if i.alias.name == "*" and _top(i.symbol) != package]
        if not stars or self.binders(tree, name):
            return False
        return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))

    def _star_after(self, statement: ast.stmt, symbol: str) -> bool:
        """Tell whether a star import of another package could rebind what `statement` binds."""
        return any(
            item.alias.name == "*"
            and _top(item.symbol) != _top(symbol)
            and start_of(item.statement) > start_of(statement)
            for item in self.imported
        )

    def home(self, package: str, target: Location) -> ast.stmt | None:
        """Return the top-level statement after which a new import goes; None: at the top."""
        body = self.document.tree.body
        limit = body.index(target.blocks[0].statement)
        before = [s for s in body[:limit] if isinstance(s, ast.Import | ast.ImportFrom)]
        for found in reversed(before):
            if package in _packages(found):
                return found
        last: ast.stmt | None = next((s for s in body[:limit] if _is_docstring(s, body)), None)
        for statement in body[:limit]:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                last = statement
            elif _is_beyond_imports(statement):
                break
        return last

    def check_home(self, home: ast.stmt | None, package: str) -> None:
        """Raise NoFix where a star import after `home` could rebind what is imported there."""
        for item in self.imported:
            later = home is None or start_of(item.statement) > start_of(home)
            if item.alias.name == "*" and _top(item.symbol) != package and later:
                raise NoFix("a later star import may bind the name")


class ImportPlan:
    """The imports that one fix adds."""

    def __init__(self, imports: Imports) -> None:
        self._imports = imports
        self._lists: dict[ast.ImportFrom, set[str]] = {}
        self._homes: dict[ast.stmt | None, set[str]] = {}

    def spelling(self, symbol: str, target: Location) -> str:
        """Return how `target` can spell `symbol` ("peft.PeftModel"), planning an import if need be.

        Raise NoFix where no name is free for it.
        """
        imports = self._imports
        module, _, name = symbol.rpartition(".")
        usable = [item for item in imports.imported if item.symbol in (symbol, module)]
        usable = [item for item in reversed(usable) if imports.usable(item, target)]
        for item in usable:
            if item.symbol == symbol:
                return item.name
        if usable:
            return f"{usable[0].name}.{name}"
        for path in imports.imported:  # import a.b.c binds a, and reaches a.b.c
            plain = isinstance(path.statement, ast.Import) and not path.alias.asname
            if plain and path.alias.name == module and imports.usable(path, target):
                return symbol
        return self._added(symbol, module, name, target)

    def _added(self, symbol: str, module: str, name: str, target: Location) -> str:
        imports = self._imports
        package, tree = _top(module), imports.document.tree
        if not imports.shadows_star(name, package):
            for item in imports.imported:
                statement = item.statement
                if (
                    isinstance(statement, ast.ImportFrom)
                    and statement.module == module
                    and item.alias.name != "*"
                    and (item.scope is tree or not imports.binders(tree, name))
                    and imports.usable(item, target)
                    and imports.free(name, symbol, item.scope, target)
                ):
                    self._lists.setdefault(statement, set()).add(name)
                    return name
        home = imports.home(package, target)
        imports.check_home(home, package)
        if not imports.shadows_star(name, package) and imports.free(name, symbol, tree, target):
            self._homes.setdefault(home, set()).add(symbol)
            return name
        if imports.shadows_star(package, package) or not imports.free(
            package, package, tree, target
        ):
            raise NoFix(f"neither {name} nor {package} is a free name")
        # A symbol that ends with a dot stands for its module.
        self._homes.setdefault(home, set()).add(f"{module}.")
        return symbol

    def edits(self) -> list[Edit]:
        """Return the edits that add what was planned."""
        document = self._imports.document
        edits: list[Edit] = []
        for statement, names in self._lists.items():
            edits += import_lists.with_names(document, statement, names)
        for home, symbols in self._homes.items():
            rows = list(_import_lines(symbols))
            body = document.tree.body
            if home is not None:
                gap = not isinstance(home, ast.Import | ast.ImportFrom)
                edits.append(lines.after(document, home, rows, gap=gap))
            else:
                text = document.newline.join([*rows, ""])
                edits.append(lines.before(document, body[0], text))
        return edits


def _import_lines(symbols: set[str]) -> Iterator[str]:
    """Yield import statements for symbols; those without a name of their own import a module."""
    groups: dict[str, list[str]] = {}
    for symbol in sorted(symbols):
        module, _, name = symbol.rpartition(".")
        if not name:
            yield f"import {module}"
        else:
            groups.setdefault(module, []).append(name)
    for module, names in groups.items():
        yield f"from {module} import {', '.join(sorted(names, key=import_lists.isort_key))}"


def dominates(first: tuple[Block, ...], later: tuple[Block, ...]) -> bool:
    """Tell whether the statement at `first` always ran when the one at `later` runs.

    A `try` body counts as run: code after it rests on that. Functions are taken to be called
    after the statements that stand before them.
    """
    for level, block in enumerate(first):
        other = later[level] if level < len(later) else None
        if other is None or other.body is not block.body:
            return False
        if other.statement is not block.statement:
            return start_of(block.statement) < start_of(other.statement) and all(
                isinstance(inner.owner, ast.With | ast.AsyncWith)
                or (isinstance(inner.owner, ast.Try) and inner.body is inner.owner.body)
                for inner in first[level + 1 :]
            )
    return False


def _visible(target: Location) -> list[ast.AST]:
    """Return the scopes whose names `target` sees, outermost first: a class only from within."""
    scopes = target.scopes
    return [s for s in scopes if not isinstance(s, ast.ClassDef) or s is scopes[-1]]


def _inner_scopes(target: Location) -> list[ast.AST]:
    """Return the lambdas and comprehensions around `target` inside its statement."""
    return [n for n in target.path[:-1] if isinstance(n, (ast.Lambda, *COMPREHENSIONS))]


def _is_beyond_imports(statement: ast.stmt) -> bool:
    """Tell whether a top-level statement ends the part of a file that imports."""
    if isinstance(statement, ast.If | ast.Try):
        return not any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in statement.body)
    return isinstance(statement, Definition | ast.For | ast.While | ast.With)


def _is_docstring(statement: ast.stmt, body: list[ast.stmt]) -> bool:
    return (
        statement is body[0]
        and isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _packages(statement: ast.Import | ast.ImportFrom) -> set[str]:
    """Return the top-level packages that an import statement names."""
    if isinstance(statement, ast.Import):
        return {_top(alias.name) for alias in statement.names}
    return {_top(statement.module or "")} if statement.level == 0 else set()


def _top(symbol: str) -> str:
    return symbol.partition(".")[0]
