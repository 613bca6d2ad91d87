"""What an editor can do about findings: each fix, all safe ones, or a comment that ignores it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from peft_lint.document import DocumentError
from peft_lint.finding import Applicability, Edit, Finding, Span
from peft_lint.fixer import fix
from peft_lint.ignoring import ignoring
from peft_lint.server.checking import Checked
from peft_lint.server.diagnostics import diagnostic
from peft_lint.server.places import View

FIX_ALL = "source.fixAll.peft-lint"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)


def actions(
    checked: Checked, view: View, params: types.CodeActionParams
) -> Iterator[types.CodeAction]:
    """Yield the actions for the findings that touch the range, of the kinds asked for."""
    if _asked(types.CodeActionKind.QuickFix, params.context.only):
        first = view.offset(params.range.start)
        last = view.offset(params.range.end)
        for finding in checked.findings:
            if finding.span.start <= last and first <= finding.span.end:
                yield from _for_finding(checked, finding, view)
    if _asked(FIX_ALL, params.context.only):
        edits = _all_safe(checked)
        if edits:
            yield types.CodeAction(
                title="Apply all safe fixes of peft-lint",
                kind=FIX_ALL,
                edit=view.edit(edits),
            )


def _asked(kind: str, only: Sequence[str] | None) -> bool:
    """Return whether a kind is wanted: a client asks for it by itself or by a part of its start."""
    return only is None or any(kind == one or kind.startswith(f"{one}.") for one in only)


def _for_finding(checked: Checked, finding: Finding, view: View) -> Iterator[types.CodeAction]:
    shown = diagnostic(finding, view)
    preferred = True
    for offered in finding.fixes:
        if offered.applicability is not Applicability.DISPLAY:
            safe = offered.applicability is Applicability.SAFE
            yield types.CodeAction(
                title=offered.title if safe else f"{offered.title} (unsafe)",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[shown],
                is_preferred=preferred and safe,
                edit=view.edit(offered.edits),
            )
            preferred = False
    for ignored in ignoring(checked.document, [finding], ""):
        yield types.CodeAction(
            title=ignored.fixes[0].title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[shown],
            edit=view.edit(ignored.fixes[0].edits),
        )


def _all_safe(checked: Checked) -> list[Edit]:
    """Return what all safe fixes together change, line by line."""
    safe = (Applicability.SAFE,)
    if checked.again is None:
        return []
    if not any(one.applicability in safe for found in checked.findings for one in found.fixes):
        return []
    try:
        fixed = fix(checked.document, checked.again, unsafe=False).document
    except DocumentError:
        return []
    return list(_changes(checked.document.text, fixed.text))


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
