"""Which names code has, and where a scope binds them: by the text, without following the flow."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from peft_lint.locations import Definition, Function

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bindings(scope: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield every name that a module, function, class, lambda or comprehension binds.

    With each comes the node that binds it: a name, alias, definition, parameter, handler or
    pattern. Deletions count as bindings. Scopes inside are left out, but for their names and
    what of them is evaluated outside.
    """
    if isinstance(scope, COMPREHENSIONS):
        for generator in scope.generators:
            yield from bindings_in(generator.target)
        return
    if isinstance(scope, Function | ast.Lambda):
        arguments = scope.args
        for argument in ast.walk(arguments):
            if isinstance(argument, ast.arg):
                yield argument.arg, argument
    if isinstance(scope, ast.Lambda):
        yield from bindings_in(scope.body)
    elif isinstance(scope, ast.Module | Definition):
        yield from bindings_in(*scope.body)


def bindings_in(*nodes: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield what the given statements or expressions bind in the scope that holds them."""
    stack: list[ast.AST] = list(nodes)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                yield node.id, node
        elif isinstance(node, ast.alias):
            yield bound_name(node), node
        elif isinstance(node, Definition):
            yield node.name, node
            stack += node.decorator_list
            if isinstance(node, ast.ClassDef):
                stack += [*node.bases, *node.keywords]
            else:
                stack += _outside(node.args)
        elif isinstance(node, ast.Lambda):
            stack += _outside(node.args)
        elif isinstance(node, COMPREHENSIONS):
            # Their targets are their own, but a walrus inside binds out here.
            for child in ast.walk(node):
                if isinstance(child, ast.NamedExpr):
                    yield child.target.id, child.target
        else:
            if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
                yield node.name, node
            elif isinstance(node, ast.MatchMapping) and node.rest:
                yield node.rest, node
            stack += ast.iter_child_nodes(node)


def _outside(arguments: ast.arguments) -> list[ast.expr]:
    """Return what of a parameter list is evaluated where the function is defined."""
    return [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]


def bound_name(alias: ast.alias) -> str:
    """Return the name that one part of an import statement binds; `*` for a star import."""
    return alias.asname or alias.name.partition(".")[0]


def declared_elsewhere(tree: ast.Module) -> frozenset[str]:
    """Return the names that some function declares `global` or `nonlocal`."""
    declared: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Global | ast.Nonlocal):
            declared.update(node.names)
    return frozenset(declared)


def variables(*nodes: ast.AST | None) -> set[str]:
    """Return the names of all variables in some nodes."""
    return {
        part.id
        for node in nodes
        if node is not None
        for part in ast.walk(node)
        if isinstance(part, ast.Name)
    }


def last_name(node: ast.AST | None) -> str:
    """Return the name that an expression ends with, empty where it ends with none."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def method_of(node: ast.AST | None) -> ast.Attribute | None:
    """Return the `owner.method` that a node calls, None where it calls no method."""
    function = node.func if isinstance(node, ast.Call) else None
    return function if isinstance(function, ast.Attribute) else None


def only_read(name: ast.Name, scope: ast.AST) -> bool:
    """Return whether what a scope binds to a name reaches this use of it unchanged.

    Between the two it may be printed and gone through; any other use may change it.
    """
    harmless: set[ast.AST] = {name}
    for node in ast.walk(scope):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            harmless.update(node.args if node.func.id in ("print", "len") else ())
        elif isinstance(node, ast.Attribute) and node.attr in ("keys", "items", "values"):
            harmless.add(node.value)
    same = [one for one in ast.walk(scope) if isinstance(one, ast.Name) and one.id == name.id]
    bound = any(isinstance(one.ctx, ast.Store) for one in same)
    return bound and all(one in harmless for one in same if isinstance(one.ctx, ast.Load))
