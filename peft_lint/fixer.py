"""Applies fixes to a document, round by round, until none is left; checks every result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from peft_lint.document import Document, DocumentError, Place
from peft_lint.finding import Applicability, Edit, Finding, Fix

MAX_ROUNDS = 20

Analyse = Callable[[Document], Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class AppliedFix:
    """One fix that was applied; `place` is where its finding stood then."""

    code: str
    title: str
    place: Place


@dataclass(frozen=True, slots=True)
class FixResult:
    """The document after all fixes, what was applied in order, and the findings that remain."""

    document: Document
    applied: tuple[AppliedFix, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    """A finding and the fix taken for it."""

    finding: Finding
    fix: Fix

    @property
    def key(self) -> tuple[str, str, int]:
        return self.finding.code, self.fix.title, self.finding.span.start


def fix(document: Document, analyse: Analyse, *, unsafe: bool) -> FixResult:
    """Apply every applicable fix to `document`, re-analysing after each round.

    Safe fixes are applied, with `unsafe` also unsafe ones, the first such of each finding.
    Fixes that would overlap wait for the next round. A fix is dropped where its result does
    not parse, cannot be encoded, or has the same finding again. DocumentError escapes only
    if `document` itself cannot be analysed.
    """
    wanted = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    findings = tuple(analyse(document))
    applied: list[AppliedFix] = []
    dropped: set[tuple[str, str, int]] = set()
    for _ in range(MAX_ROUNDS):
        chosen = _choose(findings, wanted, dropped)
        if not chosen:
            break
        candidate = _candidate(document, chosen)
        if candidate is None:
            broken = [choice for choice in chosen if _candidate(document, [choice]) is None]
            dropped |= {choice.key for choice in broken}
            if broken:
                continue
            # Each is right, together they are not: the others see what the first one leaves.
            chosen = chosen[:1]
            candidate = _candidate(document, chosen)
            assert candidate is not None, "was just tried alone"
        edits = _edits(chosen)
        after = tuple(analyse(candidate))
        back = {(finding.code, finding.span.start) for finding in after}
        failed = [
            choice
            for choice in chosen
            if (choice.finding.code, _moved(choice.finding.span.start, edits)) in back
        ]
        if failed:
            dropped |= {choice.key for choice in failed}
            continue
        applied += [
            AppliedFix(c.finding.code, c.fix.title, document.place(c.finding.span.start))
            for c in chosen
        ]
        dropped = {(code, title, _moved(start, edits)) for code, title, start in dropped}
        document, findings = candidate, after
    return FixResult(document, tuple(applied), findings)


def _choose(
    findings: Sequence[Finding],
    wanted: set[Applicability],
    dropped: set[tuple[str, str, int]],
) -> list[_Choice]:
    """Return the fixes of one round: by place and code, none overlapping another."""
    chosen: list[_Choice] = []
    for finding in sorted(findings, key=lambda finding: (finding.span, finding.code)):
        for offered in finding.fixes:
            choice = _Choice(finding, offered)
            if offered.applicability not in wanted or choice.key in dropped:
                continue
            if not any(_overlap(offered, other.fix) for other in chosen):
                chosen.append(choice)
            break
    return chosen


def _overlap(one: Fix, other: Fix) -> bool:
    """Tell whether two fixes touch a common place; at a shared border the order is open."""
    return any(
        a.span.start <= b.span.end and b.span.start <= a.span.end
        for a in one.edits
        for b in other.edits
    )


def _edits(chosen: Iterable[_Choice]) -> tuple[Edit, ...]:
    return tuple(sorted(edit for choice in chosen for edit in choice.fix.edits))


def _candidate(document: Document, chosen: Sequence[_Choice]) -> Document | None:
    """Return the document with the fixes applied, or None where that is not a document."""
    try:
        candidate = document.edited(_edits(chosen))
        candidate.to_bytes()
        _ = candidate.tree
    except DocumentError:
        return None
    return candidate


def _moved(offset: int, edits: Sequence[Edit]) -> int:
    """Return where `offset` lies after `edits`; inside a replaced range that is its start.

    Text inserted exactly at `offset` pushes it on.
    """
    shift = 0
    for edit in edits:
        if edit.span.end > offset:
            return edit.span.start + shift if edit.span.start <= offset else offset + shift
        shift += len(edit.content) - (edit.span.end - edit.span.start)
    return offset + shift
