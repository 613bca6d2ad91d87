"""What a visitor may do besides returning a node: spell, insert, copy, and lower its safety."""

from __future__ import annotations

import ast

from peft_lint.document import Document
from peft_lint.finding import Applicability, Edit
from peft_lint.lean import TYPE_CHECKING
from peft_lint.locations import (
    Definition,
    Location,
    is_compound,
    locate,
    start_of,
    statement_span,
)
from peft_lint.names import COMPREHENSIONS, bindings, bindings_in, variables
from peft_lint.suspicion import NoFix
from peft_lint.syntax import lines
from peft_lint.syntax.imports import ImportPlan, Imports, dominates

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.windows import Window

_LATER = (ast.Lambda, ast.JoinedStr, *COMPREHENSIONS)
_RUNNING = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Lambda)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class Rewriting:
    """One fix in the making.

    `target` and `window` are set to what the visitor is called for. `applicability` starts
    as the proposal's and can only be lowered.
    """

    def __init__(self, document: Document, imports: Imports, applicability: Applicability) -> None:
        self.document = document
        self.applicability = applicability
        self.target: ast.expr | ast.stmt = document.tree.body[0]
        self.window: Window | None = None
        self._imports = imports
        self._plan = ImportPlan(imports)
        self._insertions: list[Edit] = []
        self._removals: list[Edit] = []

    def source(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """Return the text of a node of the document's tree."""
        return self.document.source(node)

    def reference(self, node: ast.expr | None) -> str:
        """Return the text of a name, or of an attribute of one; raise NoFix where it is neither.

        Written a second time, anything else may be another object.
        """
        inner = node
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if node is None or not isinstance(inner, ast.Name):
            raise NoFix("the model has no name here")
        return self.source(node)

    def code(self, node: cst.CSTNode) -> str:
        """Return the code of a node of the visited window."""
        assert self.window is not None, "only while a visitor's method runs"
        return self.window.code(node)

    def expression(self, text: str) -> cst.BaseExpression:
        """Parse an expression to put into the window; raise NoFix where it is none."""
        import libcst

        try:
            return libcst.parse_expression(text)
        except (libcst.ParserSyntaxError, RecursionError):
            raise NoFix(f"not an expression on its own: {text}") from None

    def spelling(self, symbol: str) -> str:
        """Return how the target spells an imported symbol such as "peft.PeftModel".

        Where it has no name there yet, the fix adds an import. Raise NoFix where it cannot.
        """
        return self._plan.spelling(symbol, locate(self.document.tree, self.target))

    def unsafe(self) -> None:
        """Lower a safe fix to an unsafe one."""
        if self.applicability is Applicability.SAFE:
            self.applicability = Applicability.UNSAFE

    def show_only(self) -> None:
        """Make the fix a sketch, which is never applied."""
        self.applicability = Applicability.DISPLAY

    def insert_before(self, node: ast.expr | ast.stmt, line: str) -> None:
        """Put the simple statement `line` before the innermost statement around `node`.

        Raise NoFix where that would not run just before `node`: in tests, decorators,
        defaults, lambdas, comprehensions, f-strings.
        """
        location = locate(self.document.tree, node)
        statement = location.statement
        if any(isinstance(outer, _LATER) for outer in location.path[:-1]):
            raise NoFix("runs later or more often than its statement")
        if location.path and is_compound(statement) and not _runs_first(location):
            raise NoFix("no place just before this part of a compound statement")
        parsed = _statements(line)
        if len(parsed) != 1:
            raise NoFix(f"not one statement: {line}")
        used = variables(parsed[0])
        same = location.path[:1] if is_compound(statement) else (statement,)
        for inner in (node for part in same for node in ast.walk(part)):
            if isinstance(inner, ast.NamedExpr) and inner.target.id in used:
                raise NoFix(f"{inner.target.id} is bound in the same statement")
        if _is_conditional(location):
            self.unsafe()
        edit = lines.before(self.document, statement, line)
        if edit not in self._insertions:
            self._insertions.append(edit)

    def insert_after(self, node: ast.expr | ast.stmt, line: str) -> None:
        """Put the simple statement `line` after the simple statement around `node`.

        Raise NoFix where that would not run just after `node`.
        """
        location = locate(self.document.tree, node)
        statement = location.statement
        if is_compound(statement) or isinstance(statement, ast.Return | ast.Raise):
            raise NoFix("no place just after this statement")
        if any(isinstance(outer, _LATER) for outer in location.path[:-1]):
            raise NoFix("runs later or more often than its statement")
        if _is_conditional(location):
            self.unsafe()
        edit = lines.next_to(self.document, statement, line)
        if edit not in self._insertions:
            self._insertions.append(edit)

    def remove(self, *statements: ast.stmt) -> None:
        """Take simple statements away; where nothing else is left of a suite, `pass` is."""
        for statement in statements:
            body = locate(self.document.tree, statement).blocks[-1].body
            if "#" in self.source(statement):
                self.unsafe()
            if statement is body[0] and all(one in statements for one in body):
                self._removals.append(Edit(statement_span(self.document, statement), "pass"))
            else:
                self._removals.append(lines.removed(self.document, statement))

    def copy(self, node: ast.expr, to: ast.expr | ast.stmt) -> str:
        """Return the text of an expression of another statement, for use at `to`.

        The fix becomes unsafe unless the expression surely has the same value there: it
        calls nothing, and nothing in the text rebinds its names in between.
        """
        if not self._keeps_value(node, to):
            self.unsafe()
        text = self.source(node)
        if isinstance(node, ast.Tuple | ast.GeneratorExp):
            return text if text.startswith("(") and text.endswith(")") else f"({text})"
        loose = isinstance(node, ast.NamedExpr | ast.Yield | ast.YieldFrom)
        if loose or len(_statements(text)) != 1:
            return f"({text})"
        return text

    def _keeps_value(self, node: ast.expr, to: ast.expr | ast.stmt) -> bool:
        inside = list(ast.walk(node))
        if any(isinstance(part, (*_RUNNING, *COMPREHENSIONS)) for part in inside):
            return False
        names = {part.id for part in inside if isinstance(part, ast.Name)}
        fields = {part.attr for part in inside if isinstance(part, ast.Attribute)}
        if any(isinstance(part, ast.Subscript) for part in inside):
            fields.add("[]")
        if not names:
            return True
        tree = self.document.tree
        source, target = locate(tree, node), locate(tree, to)
        scope = source.scopes[-1]
        if scope is not target.scopes[-1] or names & self._imports.declared:
            return False
        if any(isinstance(outer, _LATER) for outer in (*source.path[:-1], *target.path[:-1])):
            return False
        if source.statement is target.statement:
            # Nothing but a walrus binds between two parts of one statement.
            walrus = [n for n in ast.walk(source.statement) if isinstance(n, ast.NamedExpr)]
            return not any(one.target.id in names for one in walrus)
        if not dominates(source.blocks, target.blocks):
            return False
        low, high = start_of(source.statement), start_of(target.statement)
        changes = [(name, start_of(n)) for name, n in bindings(scope) if name in names]
        changes += _field_changes(scope, fields)
        # The statement that holds the expression may itself rebind its names.
        if any(low <= at < high for _, at in changes):
            return False
        shared = {block.statement for block in source.blocks}
        loops = [
            block.statement
            for block in (*source.blocks, *target.blocks)
            if isinstance(block.statement, _LOOPS)
            and (block.statement not in shared or block not in target.blocks)
        ]
        loop_names = {name for loop in loops for name, _ in bindings_in(loop)}
        loop_fields = any(_field_changes(loop, fields) for loop in loops)
        return not loop_names & names and not loop_fields

    def edits(self) -> list[Edit]:
        """Return the edits for imports and insertions, imports first where they meet."""
        merged: dict[int, Edit] = {}
        for edit in (*self._plan.edits(), *self._insertions):
            earlier = merged.get(edit.span.start)
            content = (earlier.content if earlier else "") + edit.content
            merged[edit.span.start] = Edit(edit.span, content)
        return [*merged.values(), *self._removals]


def _runs_first(location: Location) -> bool:
    """Tell whether a node in a compound statement's header is what runs first and once."""
    statement, first = location.statement, location.path[0]
    if isinstance(statement, ast.For | ast.AsyncFor):
        return first is statement.iter
    if isinstance(statement, ast.With | ast.AsyncWith):
        return first is statement.items[0] and location.path[1] is statement.items[0].context_expr
    return isinstance(statement, ast.Match) and first is statement.subject


def _is_conditional(location: Location) -> bool:
    """Tell whether the statement may run without the node being evaluated."""
    outer: ast.AST = location.statement
    for node in location.path:
        if isinstance(outer, ast.IfExp) and node is not outer.test:
            return True
        if isinstance(outer, ast.BoolOp) and node is not outer.values[0]:
            return True
        outer = node
    return False


def _statements(text: str) -> list[ast.stmt]:
    """Return the statements of a piece of code; none if it does not parse on its own."""
    try:
        return ast.parse(text).body
    except SyntaxError:
        return []


def _field_changes(scope: ast.AST, fields: set[str]) -> list[tuple[str, tuple[int, int]]]:
    """Return where a scope stores to attributes of these names, or to subscripts ("[]")."""
    found: list[tuple[str, tuple[int, int]]] = []
    stack = list(ast.iter_child_nodes(scope)) if fields else []
    while stack:
        node = stack.pop()
        if isinstance(node, Definition):
            continue
        if isinstance(node, ast.Attribute | ast.Subscript):
            field = node.attr if isinstance(node, ast.Attribute) else "[]"
            if field in fields and not isinstance(node.ctx, ast.Load):
                found.append((field, start_of(node)))
        stack += ast.iter_child_nodes(node)
    return found
