"""What an editor can do about findings: each fix, all safe ones, or a comment that ignores it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lsprotocol import types

from peft_lint.document import Document, DocumentError, OriginEdit
from peft_lint.finding import Applicability, Edit, Finding, Fix, Span
from peft_lint.fixer import fix
from peft_lint.ignoring import ignoring
from peft_lint.server.checking import Checked
from peft_lint.server.diagnostics import diagnostic
from peft_lint.server.opened import Text
from peft_lint.server.places import View

FIX_ALL = "source.fixAll.peft-lint"
# On saving a notebook VS Code asks each cell for kinds of a source, and the whole for these.
# What is fixed reaches over cells, and fixes that are made cell by cell would meet.
NOTEBOOK_FIX_ALL = f"notebook.{FIX_ALL}"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL, NOTEBOOK_FIX_ALL)


def actions(
    checked: Checked, view: View, text: Text, params: types.CodeActionParams
) -> Iterator[types.CodeAction]:
    """Yield the actions for the findings that touch the range, of the kinds asked for."""
    if _asked(types.CodeActionKind.QuickFix, params.context.only):
        first = view.offset(text, params.range.start)
        last = view.offset(text, params.range.end)
        for finding in checked.findings:
            # A cell that is not Python has no offsets.
            if first is None or last is None:
                break
            if finding.span.start <= last and first <= finding.span.end:
                yield from _for_finding(checked, finding, view)
    kind = FIX_ALL if text.cell is None else NOTEBOOK_FIX_ALL
    if _asked(kind, params.context.only):
        edits = _all_safe(checked)
        if edits:
            yield types.CodeAction(
                title="Apply all safe fixes of peft-lint", kind=kind, edit=view.edit(edits)
            )


def _asked(kind: str, only: Sequence[str] | None) -> bool:
    """Return whether a kind is wanted: a client asks for it by itself or by a part of its start."""
    return only is None or any(kind == one or kind.startswith(f"{one}.") for one in only)


def _for_finding(checked: Checked, finding: Finding, view: View) -> Iterator[types.CodeAction]:
    preferred = True
    for offered in finding.fixes:
        if offered.applicability is not Applicability.DISPLAY:
            safe = offered.applicability is Applicability.SAFE
            title = offered.title if safe else f"{offered.title} (unsafe)"
            action = _action(checked.document, finding, view, offered, title)
            if action is not None:
                action.is_preferred = preferred and safe
                preferred = False
                yield action
    for ignored in ignoring(checked.document, [finding], ""):
        (offered,) = ignored.fixes
        action = _action(checked.document, finding, view, offered, offered.title)
        if action is not None:
            yield action


def _action(
    document: Document, finding: Finding, view: View, offered: Fix, title: str
) -> types.CodeAction | None:
    """Return what makes a fix, None where it cannot be made or its result is not Python."""
    try:
        _ = document.edited(offered.edits).tree
    except DocumentError:
        return None
    edits = [made for edit in offered.edits if (made := document.original(edit)) is not None]
    return types.CodeAction(
        title=title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic(finding, view)],
        edit=view.edit(edits),
    )


def _all_safe(checked: Checked) -> list[OriginEdit]:
    """Return what all safe fixes together change, line by line."""
    safe = (Applicability.SAFE,)
    if checked.again is None:
        return []
    if not any(one.applicability in safe for found in checked.findings for one in found.fixes):
        return []
    try:
        fixed = fix(checked.document, checked.again, unsafe=False).document.sources
    except DocumentError:
        return []
    return [
        edit
        for cell, source in checked.document.sources.items()
        for edit in _in_text(cell, source, _changes(source, fixed[cell]))
    ]


def _in_text(cell: int | None, source: str, edits: Iterable[Edit]) -> Iterator[OriginEdit]:
    """Yield edits of a text by their places."""
    text = Document("", source)
    for (start, end), content in edits:
        low, high = (text.place(offset)._replace(cell=cell) for offset in (start, end))
        yield OriginEdit(low, high, content)


def _changes(before: str, after: str) -> Iterator[Edit]:
    """Yield the edits that turn one text into the other: whole lines, but no more of them."""
    from difflib import SequenceMatcher

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for tag, first, last, start, end in SequenceMatcher(None, old, new, False).get_opcodes():
        if tag != "equal":
            yield Edit(Span(starts[first], starts[last]), "".join(new[start:end]))
