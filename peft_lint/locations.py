"""Where a node stands in its document: blocks, statements, and the path inside the statement."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator

from peft_lint.document import Document
from peft_lint.finding import Span
from peft_lint.lean import Record

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef
_COMPOUND = (
    *(ast.If, ast.While, ast.For, ast.AsyncFor, ast.With, ast.AsyncWith, ast.Try, ast.Match),
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *([ast.TryStar] if hasattr(ast, "TryStar") else []),
)
_Position = tuple[int, int]


class Block(Record):
    """One list of statements on the way to a node, and the statement taken in it.

    `owner` is what the list belongs to: the module, a compound statement, a handler, a case.
    """

    owner: ast.AST
    body: list[ast.stmt]
    statement: ast.stmt


class Location(Record):
    """The blocks around a node, outermost first, and the nodes from the statement down to it.

    `path` starts below the innermost statement and ends with the node itself; it is empty
    where the node is that statement.
    """

    blocks: tuple[Block, ...]
    path: tuple[ast.AST, ...]

    @property
    def statement(self) -> ast.stmt:
        """The innermost statement around the node."""
        return self.blocks[-1].statement

    @property
    def scopes(self) -> tuple[ast.AST, ...]:
        """The module, functions and classes whose bodies hold the node, outermost first."""
        owners = [block.owner for block in self.blocks]
        return tuple(o for o in owners if isinstance(o, ast.Module | Definition))


def is_compound(statement: ast.stmt) -> bool:
    """Tell whether a statement holds other statements."""
    return isinstance(statement, _COMPOUND)


def child_blocks(statement: ast.stmt) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    """Yield the owners and lists of the statements directly inside a compound statement."""
    if not is_compound(statement):
        return
    for field in ("body", "orelse", "finalbody"):
        if body := getattr(statement, field, None):
            yield statement, body
    for field in ("handlers", "cases"):
        for part in getattr(statement, field, ()):
            yield part, part.body


def locate(tree: ast.Module, node: ast.AST) -> Location:
    """Return where `node`, a node of `tree`, stands; raise LookupError if it is not there."""
    found = _descend(tree, node)
    if found is None and _is_spelled(node):
        found = _search(tree, node)
    if found is None:
        raise LookupError(f"{type(node).__name__} is not a node of this document")
    return found


def _descend(tree: ast.Module, node: ast.AST) -> Location | None:
    """Find the node by its position; None where that leads elsewhere."""
    at = start_of(node)
    blocks: list[Block] = []
    inside: tuple[ast.AST, list[ast.stmt]] | None = (tree, tree.body)
    while inside is not None:
        owner, body = inside
        index = bisect_right(body, at, key=start_of) - 1
        if index < 0:
            return None
        statement = body[index]
        blocks.append(Block(owner, body, statement))
        inside = None
        if statement is not node:
            for owner, body in child_blocks(statement):
                if start_of(body[0]) <= at <= _end_of(body[-1]):
                    inside = owner, body
    path = _path(blocks[-1].statement, node)
    return None if path is None else Location(tuple(blocks), path)


def _is_spelled(node: ast.AST) -> bool:
    """Return whether the text has a node; the call of a function that nothing calls is nameless."""
    return not isinstance(node, ast.Call) or getattr(node.func, "id", "…") != ""


def _search(tree: ast.Module, node: ast.AST) -> Location | None:
    """Find the node by identity: before Python 3.12, f-strings misplace what they hold."""
    for blocks in walk_blocks(tree):
        path = _path(blocks[-1].statement, node)
        if path is not None:
            return Location(blocks, path)
    return None


def walk_blocks(tree: ast.Module) -> Iterator[tuple[Block, ...]]:
    """Yield, for every statement of the module, the blocks that lead to it."""
    stack: list[tuple[Block, ...]] = [(Block(tree, tree.body, s),) for s in reversed(tree.body)]
    while stack:
        blocks = stack.pop()
        yield blocks
        inner = [
            (*blocks, Block(owner, body, statement))
            for owner, body in child_blocks(blocks[-1].statement)
            for statement in body
        ]
        stack += reversed(inner)


def _path(statement: ast.stmt, node: ast.AST) -> tuple[ast.AST, ...] | None:
    """Return the nodes from below `statement` down to `node`, not entering other statements."""
    if statement is node:
        return ()
    parents: dict[ast.AST, ast.AST] = {}
    stack: list[ast.AST] = [statement]
    while stack:
        current = stack.pop()
        for child in ast.iter_child_nodes(current):
            if isinstance(child, ast.stmt | ast.expr_context):
                continue
            parents[child] = current
            stack.append(child)
            if child is node:
                path = [node]
                while (up := parents[path[-1]]) is not statement:
                    path.append(up)
                return tuple(reversed(path))
    return None


def start_of(node: ast.AST) -> _Position:
    """Return the position at which a node starts, decorators included, as `ast` counts."""
    if isinstance(node, Definition) and node.decorator_list:
        node = node.decorator_list[0]
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def _end_of(node: ast.stmt) -> _Position:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def statement_start(document: Document, statement: ast.stmt) -> int:
    """Return the offset of a statement's first character: `@` where it is decorated."""
    offset = document.offset(*start_of(statement))
    if isinstance(statement, Definition) and statement.decorator_list:
        return document.text.rindex("@", 0, offset)
    return offset


def header_end(document: Document, statement: ast.stmt) -> int:
    """Return the offset after the colon that ends a compound statement's header."""
    _, body = next(child_blocks(statement))
    parts: list[ast.AST] = []
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.arguments | ast.withitem):
            parts += ast.walk(child)
        elif not isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            parts.append(child)
    ends = [document.span(part).end for part in parts if isinstance(part, ast.expr | ast.arg)]
    position = max([statement_start(document, statement), *ends])
    limit = statement_start(document, body[0])
    while position < limit and document.text[position] != ":":
        if document.text[position] == "#":
            position = _line_end(document, position)
        else:
            position += 1
    return position + 1


def _line_end(document: Document, offset: int) -> int:
    row = document.row(offset)
    starts = document.line_starts
    return starts[row] if row < len(starts) else len(document.text)


def statement_span(document: Document, statement: ast.stmt) -> Span:
    """Return the range of a simple statement, or of a compound one's header."""
    start = statement_start(document, statement)
    if is_compound(statement):
        return Span(start, header_end(document, statement))
    return Span(start, document.span(statement).end)


def anchor_span(document: Document, node: ast.expr | ast.stmt, location: Location) -> Span:
    """Return the range to show for a node; inside an f-string that is the whole string."""
    if isinstance(node, ast.stmt):
        return statement_span(document, node)
    for outer in location.path:
        if isinstance(outer, ast.JoinedStr):
            return document.span(outer)
    return document.span(node)
