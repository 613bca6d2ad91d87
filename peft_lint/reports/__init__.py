"""What a run gave, and the line that sums it up; the modules here turn it into text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from peft_lint.finding import Applicability, Finding, Severity
from peft_lint.lean import TYPE_CHECKING, Record

if TYPE_CHECKING:
    from peft_lint.document import Document, Place
    from peft_lint.fixer import AppliedFix

# Control characters would move the cursor or end the line; their pictures do neither.
_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}


class FileReport(Record):
    """One document with the findings that are left in it and the fixes that were applied."""

    document: Document
    findings: Sequence[Finding]
    applied: Sequence[AppliedFix] = ()


class RunReport:
    """All files of a run; `failed` names those that could not be analysed.

    `unwritten` names those that could not be fixed, since they cannot be written. `known`
    counts findings that were left out because the baseline has them.
    """

    def __init__(
        self,
        files: Iterable[FileReport] = (),
        analysed: int = 0,
        out_of_scope: int = 0,
        failed: Iterable[str] = (),
    ) -> None:
        self.files = list(files)
        self.analysed = analysed
        self.out_of_scope = out_of_scope
        self.failed = list(failed)
        self.known = 0
        self.unwritten: list[str] = []

    @property
    def findings(self) -> list[Finding]:
        """Return the findings of all files, in order."""
        return [finding for report in self.files for finding in report.findings]


def summary(run: RunReport) -> str:
    """Return e.g. "no findings: 14 files analysed, 3 outside scope"."""
    findings = run.findings
    parts = [_findings(findings)]
    if run.known:
        parts.append(f"{run.known} known from the baseline")
    applied = sum(len(report.applied) for report in run.files)
    if applied:
        parts.append(f"{count(applied, 'fix', 'fixes')} applied")
    best = [finding.fixes[0].applicability for finding in findings if finding.fixes]
    if safe := best.count(Applicability.SAFE):
        parts.append(f"{safe} fixable with --fix")
    if unsafe := best.count(Applicability.UNSAFE):
        parts.append(f"{unsafe} with --fix --unsafe-fixes")
    files = f"{count(run.analysed, 'file', 'files')} analysed, {run.out_of_scope} outside scope"
    if run.failed:
        files += f", {len(run.failed)} not analysed"
    if run.unwritten:
        files += f", {len(run.unwritten)} not written"
    return f"{', '.join(parts)}: {files}"


def count(number: int, one: str, many: str) -> str:
    """Return a number with the word in its right form."""
    return f"{number} {one if number == 1 else many}"


def printable(text: str) -> str:
    """Return `text` without control characters, for terminals and line formats."""
    return text.translate(_PICTURES)


def location(path: str, place: Place) -> str:
    """Return `path:row:column`, in a notebook `path:cell N:row:column`."""
    return f"{line_location(path, place)}:{place.column}"


def line_location(path: str, place: Place) -> str:
    """Return `path:row`, in a notebook `path:cell N:row`."""
    cell = f"cell {place.cell}:" if place.cell else ""
    return f"{printable(path)}:{cell}{place.row}"


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return "no findings"
    severities = [finding.severity for finding in findings]
    words = {
        Severity.ERROR: ("error", "errors"),
        Severity.WARNING: ("warning", "warnings"),
        Severity.INFO: ("info", "infos"),
    }
    kinds = [count(n, *words[kind]) for kind in Severity if (n := severities.count(kind))]
    return f"{count(len(findings), 'finding', 'findings')} ({', '.join(kinds)})"
