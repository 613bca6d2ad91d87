"""Runs the visitors of suspicions: on exactly the nodes they name, and on nothing else."""

from __future__ import annotations

import ast
import dataclasses
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from peft_lint.document import Document
from peft_lint.finding import Applicability, Edit, Fix, Span
from peft_lint.lean import TYPE_CHECKING
from peft_lint.locations import anchor_span, locate, statement_span
from peft_lint.suspicion import NoFix, Proposal, Suspicion, Withdraw

if TYPE_CHECKING:
    import libcst as cst

    from peft_lint.syntax.imports import Imports
    from peft_lint.syntax.windows import Window, Windows

# A secondary thread's default stack (512 KB on some systems) is too small for LibCST.
_STACK = 64 * 1024 * 1024
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Flagged:
    """A suspicion that stands: the range to show, that of its statement, and the fixes."""

    suspicion: Suspicion
    span: Span
    statement: Span
    fixes: tuple[Fix, ...]


def flag(document: Document, suspicions: Sequence[Suspicion]) -> list[Flagged]:
    """Run every suspicion's proposals and return those that were not withdrawn, in order.

    The first proposal's visitor speaks for the suspicion: if it withdraws, there is none.
    LibCST is imported only if there are proposals. Nodes must be of `document.tree`.
    """
    fixes: Sequence[tuple[Fix, ...] | None] = [()] * len(suspicions)
    if any(suspicion.proposals for suspicion in suspicions):
        fixes = _with_large_stack(lambda: _all_fixes(document, suspicions))
    flagged: list[Flagged] = []
    for suspicion, offered in zip(suspicions, fixes, strict=True):
        if offered is not None:
            location = locate(document.tree, suspicion.anchor)
            span = anchor_span(document, suspicion.anchor, location)
            statement = statement_span(document, location.statement)
            flagged.append(Flagged(suspicion, span, statement, offered))
    return flagged


def _with_large_stack(work: Callable[[], _Result]) -> _Result:
    """Run `work` on a thread of its own with a large stack; pass on what it raises."""
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    before = threading.stack_size(_STACK)
    try:
        thread = threading.Thread(target=run, name="libcst")
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _all_fixes(document: Document, suspicions: Sequence[Suspicion]) -> list[tuple[Fix, ...] | None]:
    from peft_lint.syntax.imports import Imports
    from peft_lint.syntax.windows import Windows

    windows, imports = Windows(document), Imports(document)
    return [_fixes(suspicion, windows, imports) for suspicion in suspicions]


def _fixes(suspicion: Suspicion, windows: Windows, imports: Imports) -> tuple[Fix, ...] | None:
    """Return the fixes of one suspicion, best first; None if it was withdrawn."""
    try:
        fixes = [_fix_or_none(proposal, windows, imports) for proposal in suspicion.proposals[:1]]
    except Withdraw:
        return None
    for proposal in suspicion.proposals[1:]:
        with suppress(Withdraw):
            fixes.append(_fix_or_none(proposal, windows, imports))
    return tuple(fix for fix in fixes if fix is not None)


def _fix_or_none(proposal: Proposal, windows: Windows, imports: Imports) -> Fix | None:
    try:
        return _fix(proposal, windows, imports)
    except NoFix:
        return None


def _fix(proposal: Proposal, windows: Windows, imports: Imports) -> Fix:
    """Run one proposal's visitor; raise Withdraw or NoFix as it does."""
    from peft_lint.syntax.rewriting import Rewriting

    document = windows.document
    rewriting = Rewriting(document, imports, proposal.applicability)
    targets: list[tuple[ast.expr | ast.stmt, Window, cst.CSTNode]] = []
    for node in proposal.targets:
        window = windows.around(node)
        found = window.node(node) if window else None
        if window is None or found is None:
            raise NoFix("LibCST has no node at this place")
        targets.append((node, window, found))
    for node, window, original in targets:
        rewriting.target, rewriting.window = node, window
        if visit := getattr(proposal.visitor, f"visit_{type(original).__name__}", None):
            visit(original, rewriting)
    changes: dict[int, tuple[Window, cst.CSTNode, cst.CSTNode]] = {}
    for node, window, original in sorted(targets, key=lambda target: _extent(document, target[0])):
        rewriting.target, rewriting.window = node, window
        replaced = {key: new for key, (_, _, new) in changes.items()}
        updated = _with_replaced(original, replaced)
        if leave := getattr(proposal.visitor, f"leave_{type(original).__name__}", None):
            updated = _in_parentheses(original, leave(original, updated, rewriting))
        if updated is not original:
            changes = {k: v for k, v in changes.items() if not _holds(original, v[1])}
            changes[id(original)] = (window, original, updated)
    edits: list[Edit] = rewriting.edits()
    for window, original, updated in changes.values():
        for edit, commented in window.edits(original, updated):
            edits.append(edit)
            if commented:
                rewriting.unsafe()
    edits.sort(key=lambda edit: edit.span)
    if any(one.span.end > other.span.start for one, other in pairwise(edits)):
        raise NoFix("the edits overlap")
    if not edits and proposal.applicability is not Applicability.DISPLAY:
        raise NoFix("nothing to change")
    return Fix(proposal.title, rewriting.applicability, tuple(edits))


def _extent(document: Document, node: ast.expr | ast.stmt) -> tuple[int, bool]:
    """Return a key that sorts inner nodes first: by length, expressions before statements."""
    span = document.span(node)
    return span.end - span.start, isinstance(node, ast.stmt)


def _with_replaced(node: cst.CSTNode, new: dict[int, cst.CSTNode]) -> cst.CSTNode:
    """Return `node` with nodes inside it replaced, by identity; others stay the same objects."""
    import libcst as cst

    if not new:
        return node
    if id(node) in new:
        return new[id(node)]
    changes: dict[str, object] = {}
    for name in (field.name for field in dataclasses.fields(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            replaced = _with_replaced(value, new)
            if replaced is not value:
                changes[name] = replaced
        elif isinstance(value, list | tuple):
            parts = [_with_replaced(v, new) if isinstance(v, cst.CSTNode) else v for v in value]
            if any(a is not b for a, b in zip(parts, value, strict=True)):
                changes[name] = parts
    return node.with_changes(**changes) if changes else node


def _holds(outer: cst.CSTNode, inner: cst.CSTNode) -> bool:
    """Tell whether `inner` is a node inside `outer`."""
    return outer is not inner and _with_replaced(outer, {id(inner): outer}) is not outer


def _in_parentheses(original: cst.CSTNode, updated: cst.CSTNode) -> cst.CSTNode:
    """Keep the parentheses of a replaced expression, or add those that precedence may need."""
    import libcst as cst

    if not isinstance(original, cst.BaseExpression) or not isinstance(updated, cst.BaseExpression):
        return updated
    if updated is original or updated.lpar:
        return updated
    if original.lpar:
        return updated.with_changes(lpar=original.lpar, rpar=original.rpar)
    atoms = (cst.Call, cst.Attribute, cst.Subscript, cst.Name, cst.SimpleString, cst.List, cst.Dict)
    if isinstance(original, atoms) and not isinstance(updated, (*atoms, cst.BaseNumber)):
        return updated.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return updated
