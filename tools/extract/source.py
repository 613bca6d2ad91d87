"""A released package as parsed source: what its modules define, import, and offer."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from tools.extract.definitions import Field, is_dataclass, own_fields


class Origin(NamedTuple):
    """Where a name is defined, and by which statement."""

    module: str
    name: str
    node: ast.stmt


class Imported(NamedTuple):
    """A name that a module imports from a module of its own package."""

    module: str
    name: str


class Module:
    """One module of a package; `root` is the package's name."""

    def __init__(self, name: str, text: str, is_package: bool, root: str, typing: bool) -> None:
        self.name = name
        self.text = text
        self.is_package = is_package
        self._typing = typing
        self._package = name if is_package else name.rpartition(".")[0]
        self._root = root

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed source."""
        return ast.parse(self.text)

    @property
    def statements(self) -> Iterator[ast.stmt]:
        """The statements that importing the module can run, those of its branches included."""
        return _statements(self.tree.body, self._typing)

    @cached_property
    def names(self) -> Mapping[str, ast.stmt | Imported]:
        """The names that the module defines, or imports from its own package."""
        found: dict[str, ast.stmt | Imported] = {}
        for node in self.statements:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[node.name] = node
                if node.name == "__getattr__":
                    found |= self._answered(node)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {t.id: node for t in _flat(targets) if isinstance(t, ast.Name)}
            elif isinstance(node, ast.ImportFrom) and (module := self._absolute(node)):
                for alias in node.names:
                    if alias.name != "*":
                        found[alias.asname or alias.name] = Imported(module, alias.name)
        return {name: what for name, what in found.items() if not name.startswith("__")}

    @cached_property
    def stars(self) -> tuple[str, ...]:
        """The modules of its own package from which the module imports everything."""
        nodes = (n for n in self.statements if isinstance(n, ast.ImportFrom))
        stars = (n for n in nodes if any(alias.name == "*" for alias in n.names))
        return tuple(module for module in map(self._absolute, stars) if module)

    @cached_property
    def offered(self) -> tuple[str, ...] | None:
        """The names in `__all__`, None without one."""
        for node in self.statements:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                return tuple(ast.literal_eval(node.value))
        return None

    def _answered(self, function: ast.stmt) -> dict[str, ast.stmt | Imported]:
        """Return what a module's `__getattr__` gives for the names that it asks for."""
        found: dict[str, ast.stmt | Imported] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
                answer = node.comparators[0]
                if isinstance(answer, ast.Constant) and isinstance(answer.value, str):
                    found.setdefault(answer.value, function)
            elif isinstance(node, ast.ImportFrom) and (module := self._absolute(node)):
                found |= {alias.name: Imported(module, alias.name) for alias in node.names}
        return found

    def _absolute(self, node: ast.ImportFrom) -> str | None:
        """Return the module that an import names, None for one of another package."""
        module = node.module or ""
        if node.level:
            parent = self._package.split(".")
            parent = parent[: len(parent) - node.level + 1]
            return ".".join([*parent, module]) if module else ".".join(parent)
        return module if module.split(".")[0] == self._root else None


class Package:
    """The modules of one release; `files` maps paths such as `peft/utils/other.py` to text.

    `typing` takes in what a module imports for type checkers only: packages that import lazily
    say there what they offer.
    """

    def __init__(self, name: str, files: Mapping[str, str], typing: bool = False) -> None:
        self.modules: dict[str, Module] = {}
        for path, text in files.items():
            dotted = path.removesuffix(".py").replace("/", ".")
            module = dotted.removesuffix(".__init__")
            self.modules[module] = Module(module, text, module != dotted, name, typing)

    def names(self, module: str) -> Mapping[str, ast.stmt | Imported]:
        """Return what can be imported from `module`, star imports included."""
        return self._names(module, frozenset())

    def _names(self, module: str, asking: frozenset[str]) -> Mapping[str, ast.stmt | Imported]:
        if module in asking or module not in self.modules:
            return {}
        found: dict[str, ast.stmt | Imported] = {}
        for star in self.modules[module].stars:
            names = self._names(star, asking | {module})
            offered = self.modules[star].offered if star in self.modules else None
            public = offered or [name for name in names if not name.startswith("_")]
            found |= {name: Imported(star, name) for name in public}
        return found | self.modules[module].names

    def origin(self, module: str, name: str) -> Origin | None:
        """Return where `name` of `module` is defined, None where that is outside the package."""
        seen = set()
        while (module, name) not in seen:
            seen.add((module, name))
            what = self.names(module).get(name)
            if not isinstance(what, Imported):
                return Origin(module, name, what) if what else None
            module, name = what
        return None

    def class_named(self, module: str, name: str) -> tuple[str, ast.ClassDef] | None:
        """Return the class that `name` means in `module`, and the module that defines it."""
        origin = self.origin(module, name.rpartition(".")[2])
        if origin and isinstance(origin.node, ast.ClassDef):
            return origin.module, origin.node
        return None

    def method(self, module: str, owner: str, name: str) -> tuple[str, ast.FunctionDef] | None:
        """Return the class of this package that gives `owner` its method, and the method."""
        above = [self.class_named(module, owner)]
        while above:
            found = above.pop(0)
            if found is not None:
                for node in found[1].body:
                    if isinstance(node, ast.FunctionDef) and node.name == name:
                        return found[1].name, node
                above += self.bases(*found)
        return None

    def bases(self, module: str, node: ast.ClassDef) -> Iterator[tuple[str, ast.ClassDef]]:
        """Yield the bases of a class that this package defines."""
        for base in node.bases:
            found = self.class_named(module, ast.unparse(base))
            if found and found[1] is not node:
                yield found

    def outside_bases(self, module: str, node: ast.ClassDef) -> set[str]:
        """Return the names of the classes of other packages that a class descends from."""
        own = [*self.bases(module, node)]
        found = {ast.unparse(b).rpartition(".")[2] for b in node.bases} - {n.name for _, n in own}
        for base in own:
            found |= self.outside_bases(*base)
        return found

    def fields(self, module: str, node: ast.ClassDef) -> dict[str, Field] | None:
        """Return the fields of a dataclass, inherited ones first; None for another class."""
        inherited = [self.fields(*base) for base in reversed([*self.bases(module, node)])]
        found = {name: field for fields in inherited for name, field in (fields or {}).items()}
        if is_dataclass(node):
            found |= own_fields(node)
        elif not any(fields is not None for fields in inherited):
            return None
        return found


def _statements(body: Iterable[ast.stmt], typing: bool) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If):
            skipped = not typing and ast.unparse(node.test).endswith("TYPE_CHECKING")
            yield from _statements([] if skipped else node.body, typing)
            yield from _statements(node.orelse, typing)
        elif isinstance(node, ast.Try):
            for handler in node.handlers:
                yield from _statements(handler.body, typing)
            yield from _statements([*node.body, *node.orelse, *node.finalbody], typing)
        elif isinstance(node, ast.With):
            yield from _statements(node.body, typing)
        else:
            yield node


def _flat(targets: Iterable[ast.expr]) -> Iterator[ast.expr]:
    for target in targets:
        if isinstance(target, ast.Tuple | ast.List):
            yield from _flat(target.elts)
        else:
            yield target
