"""Findings as diagnostics: the place, the words, the story, and where to read more."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from peft_lint.finding import Finding, Severity
from peft_lint.rulebook import url
from peft_lint.server.places import View

_SEVERITY = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}


def diagnostics(findings: Iterable[Finding], view: View, uri: str) -> list[types.Diagnostic]:
    """Return the findings that stand in one text, as editors show them."""
    return [
        diagnostic(finding, view) for finding in findings if view.location(finding.span).uri == uri
    ]


def diagnostic(finding: Finding, view: View) -> types.Diagnostic:
    """Return a finding as editors show it; the steps of its story are related information."""
    related = [
        types.DiagnosticRelatedInformation(view.location(step.span), step.message)
        for step in finding.story
        if step.span != finding.span
    ]
    address = url(finding.code)
    return types.Diagnostic(
        range=view.location(finding.span).range,
        message=f"{finding.message} ({finding.name})",
        severity=_SEVERITY[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(address) if address else None,
        source="peft-lint",
        related_information=related,
    )
