"""Windows: the small pieces of a document that LibCST parses, their nodes, and edits to them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import SequenceMatcher

import libcst as cst
from libcst._nodes.internal import CodegenState

from peft_lint.document import Document
from peft_lint.finding import Edit, Span
from peft_lint.locations import (
    Definition,
    Location,
    header_end,
    is_compound,
    locate,
    statement_start,
)
from peft_lint.suspicion import NoFix

# LibCST takes quadratic time on chains and its code generation recurses in Python.
MAX_DEPTH = 80
MAX_NODES = 20_000
MAX_CHARACTERS = 100_000
# Beyond this many tokens a difference is one range: finding several is quadratic.
_MAX_DIFF = 2_000

_CONSTANTS = ("SimpleString", "ConcatenatedString", "Integer", "Float", "Imaginary", "Ellipsis")
# `ast` class -> LibCST classes, where the names differ.
_KINDS: dict[str, tuple[str, ...]] = {
    "BinOp": ("BinaryOperation",),
    "BoolOp": ("BooleanOperation",),
    "Compare": ("Comparison",),
    "Constant": (*_CONSTANTS, "Name"),
    "Delete": ("Del",),
    "JoinedStr": ("FormattedString", "ConcatenatedString"),
    "Starred": ("StarredElement",),
    "UnaryOp": ("UnaryOperation",),
}
_Key = tuple[str, int, int]


class _State(CodegenState):
    """Generates code and counts characters on the way."""

    def __init__(self, newline: str, indents: Sequence[str]) -> None:
        super().__init__("    ", newline)
        self.indent_tokens = list(indents)
        self.length = 0

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.length += len(value)

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.add_token(token)


class _Recorder(_State):
    """Also records where expressions and small statements lie.

    `nodes` is keyed by class and syntactic range, which excludes parentheses as in `ast`;
    `starts` holds, by identity, where a node's own code starts, parentheses included.
    """

    def __init__(self, newline: str, indents: Sequence[str]) -> None:
        super().__init__(newline, indents)
        self.nodes: dict[_Key, cst.CSTNode] = {}
        self.starts: dict[int, int] = {}

    def before_codegen(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.BaseExpression | cst.BaseSmallStatement | cst.BaseElement):
            self.starts[id(node)] = self.length

    @contextmanager
    def record_syntactic_position(
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> Iterator[None]:
        start = self.length
        yield
        end = self.length
        kind = type(node).__name__
        if isinstance(node, cst.Tuple | cst.GeneratorExp) and node.lpar:
            # `ast` counts the innermost parentheses of these two as theirs.
            start -= len(_text(node.lpar[-1], self))
            end += len(_text(node.rpar[0], self))
        self.nodes[kind, start, end] = node


def _text(node: cst.CSTNode, like: _State) -> str:
    state = _State(like.default_newline, like.indent_tokens)
    node._codegen(state)
    return "".join(state.tokens)


class Window:
    """One parsed piece: `root` is its LibCST node, `span` its range in the document.

    `definition` is the statement that `root` stands for where the piece is a header of a
    def or class: its body there is a mere `pass`.
    """

    def __init__(
        self,
        document: Document,
        span: Span,
        root: cst.CSTNode,
        newline: str,
        indent: str,
        definition: ast.stmt | None,
    ) -> None:
        self.document = document
        self.span = span
        self.root = root
        self._definition = definition
        self._indents = [indent] if indent else []
        self._newline = newline
        # A header's code starts with the indent of its line, before the span.
        self._origin = span.start - len(indent)
        recorder = _Recorder(newline, self._indents)
        root._codegen(recorder)
        self.text = "".join(recorder.tokens)
        self._nodes = recorder.nodes
        self._starts = {**recorder.starts, id(root): 0}

    def node(self, node: ast.AST) -> cst.CSTNode | None:
        """Return the LibCST node at exactly the place of `node`, or None."""
        if node is self._definition:
            return self.root
        if not isinstance(node, ast.expr | ast.stmt):
            return None
        span = self.document.span(node)
        start, end = span.start - self._origin, span.end - self._origin
        kind = type(node).__name__
        for name in _KINDS.get(kind, (kind,)):
            if found := self._nodes.get((name, start, end)):
                return found
        return None

    def code(self, node: cst.CSTNode) -> str:
        """Return the code of a node of this window, or of one to be put into it."""
        return "".join(self._tokens(node))

    def edits(self, original: cst.CSTNode, updated: cst.CSTNode) -> tuple[tuple[Edit, bool], ...]:
        """Return the smallest edits that turn a node of this window into another.

        Each comes with whether it replaces a comment. Raise NoFix where one would lie outside
        the window.
        """
        old, new = self._tokens(original), self._tokens(updated)
        position = self._origin + self._starts[id(original)]
        edits: list[tuple[Edit, bool]] = []
        done = 0
        for low, high, new_low, new_high in _differences(old, new):
            position += sum(map(len, old[done:low]))
            end = position + sum(map(len, old[low:high]))
            if position < self.span.start or end > self.span.end:
                raise NoFix("the change lies outside the window")
            commented = any(token.startswith("#") for token in old[low:high])
            edits.append((Edit(Span(position, end), "".join(new[new_low:new_high])), commented))
            position, done = end, high
        return tuple(edits)

    def _tokens(self, node: cst.CSTNode) -> list[str]:
        state = _State(self._newline, self._indents)
        node._codegen(state)
        return [token for token in state.tokens if token]


def _differences(old: list[str], new: list[str]) -> Iterable[tuple[int, int, int, int]]:
    """Yield the ranges of `old` and `new` that differ, in order."""
    start, shorter = 0, min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < shorter - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    low, high = old[start : len(old) - tail], new[start : len(new) - tail]
    if not low and not high:
        return
    if not low or not high or len(low) + len(high) > _MAX_DIFF:
        yield start, start + len(low), start, start + len(high)
        return
    for tag, a, b, c, d in SequenceMatcher(None, low, high, autojunk=False).get_opcodes():
        if tag != "equal":
            yield start + a, start + b, start + c, start + d


class Windows:
    """The windows of one document, each parsed once; call only on a thread with a large stack."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._parsed: dict[ast.AST, Window | None] = {}

    def around(self, node: ast.expr | ast.stmt) -> Window | None:
        """Return the window around a node, or None where LibCST cannot be given one."""
        location = locate(self.document.tree, node)
        piece = _piece(location)
        if piece is None:
            return None
        if piece not in self._parsed:
            self._parsed[piece] = self._parse(piece)
        return self._parsed[piece]

    def _parse(self, piece: ast.expr | ast.stmt) -> Window | None:
        document, text = self.document, self.document.text
        indent, definition = "", None
        if isinstance(piece, Definition):
            definition = piece
            span = Span(statement_start(document, piece), header_end(document, piece))
            line = document.line_starts[document.row(span.start) - 1]
            indent = text[line : span.start].rpartition("\f")[2]
            roots = [child for child in ast.iter_child_nodes(piece) if child not in piece.body]
            before = f"if 1:{document.newline}{indent}" if indent else ""
            after = f" pass{document.newline}"
        else:
            span, roots = document.span(piece), [piece]
            before, after = ("(", ")") if isinstance(piece, ast.expr) else ("", "")
        source = text[span.start : span.end]
        if len(source) > MAX_CHARACTERS or not _fits(roots):
            return None
        try:
            module = cst.parse_module(before + source + after)
            root = _root(module, piece, bool(indent))
            newline = module.default_newline if "\n" in source or "\r" in source else ""
            window = Window(document, span, root, newline or document.newline, indent, definition)
        except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError):
            return None
        expected = indent + source + after if definition else source
        return window if window.text == expected else None


def _piece(location: Location) -> ast.expr | ast.stmt | None:
    """Return what to parse: a simple statement, a definition's header, a header expression."""
    if any(isinstance(node, ast.JoinedStr) for node in location.path[:-1]):
        return None
    statement = location.statement
    if not is_compound(statement) or isinstance(statement, Definition):
        return statement
    return next((node for node in location.path if isinstance(node, ast.expr)), None)


def _fits(roots: Sequence[ast.AST]) -> bool:
    """Tell whether nodes are shallow and few enough for LibCST."""
    level, count = list(roots), 0
    for _ in range(MAX_DEPTH):
        count += len(level)
        if count > MAX_NODES:
            return False
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return True
    return False


def _root(module: cst.Module, piece: ast.expr | ast.stmt, indented: bool) -> cst.CSTNode:
    """Return the node that stands for `piece`, without what was put around it."""
    first: cst.CSTNode = module.body[0]
    if isinstance(piece, Definition):
        if indented and isinstance(first, cst.If):
            first = first.body.body[0]
        return first
    assert isinstance(first, cst.SimpleStatementLine)
    small = first.body[0]
    if isinstance(piece, ast.stmt):
        return small
    assert isinstance(small, cst.Expr)
    value = small.value
    return value.with_changes(lpar=value.lpar[1:], rpar=value.rpar[:-1])
