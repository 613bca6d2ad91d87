"""What the settings of a file and the command line come to, together."""

from __future__ import annotations

import os
from collections.abc import Mapping

from peft_lint.finding import Applicability, Finding, Severity
from peft_lint.lean import Record
from peft_lint.rulebook import RuleInfo
from peft_lint.selection import Layer, hidden, named, select
from peft_lint.settings import Settings, SettingsError
from peft_lint.versions import Target


class Plan(Record):
    """The rules to run, how their findings and fixes count, and the releases asked for.

    `ignores` pairs patterns, relative to the folder `root`, with codes left out in files
    that match. `severities` maps codes to what their findings count as.
    """

    rules: tuple[RuleInfo, ...]
    unfixable: frozenset[str]
    safe: frozenset[str]
    targets: Mapping[str, str]
    severities: Mapping[str, Severity]
    root: str
    ignores: tuple[tuple[str, frozenset[str]], ...] = ()

    def at(self, path: str) -> Plan:
        """Return the plan for one file: without the rules that its path leaves out."""
        if not self.ignores:
            return self
        from peft_lint.patterns import covers

        full = os.path.abspath(path)
        ignored: set[str] = set()
        for pattern, codes in self.ignores:
            if covers(pattern, self.root, full):
                ignored |= codes
        rules = (rule for rule in self.rules if rule.code not in ignored or rule.code == "PEF000")
        return self._replace(rules=tuple(rules))

    def active(self, target: Target) -> set[str]:
        """Return the codes that can be reported for `target`."""
        return {
            rule.code
            for rule in self.rules
            if all(target.allows(library, releases) for library, releases in rule.libraries.items())
        }

    def applied_to(self, finding: Finding) -> Finding:
        """Return the finding as severe, and its fixes as safe, as the settings want them to be."""
        severity = self.severities.get(finding.code, finding.severity)
        if finding.code in self.unfixable:
            change = dict.fromkeys(Applicability, Applicability.DISPLAY)
        elif finding.code in self.safe:
            change = {Applicability.UNSAFE: Applicability.SAFE}
        else:
            change = {}
        fixes = (
            fix._replace(applicability=change.get(fix.applicability, fix.applicability))
            for fix in finding.fixes
        )
        return finding._replace(severity=severity, fixes=tuple(fixes))


def make_plan(settings: Settings, given: Settings) -> Plan:
    """Join the settings of a file with those of the command line or the editor, which win.

    Raises SettingsError where a rule in preview is named though previews are off.
    """
    preview = settings.preview or given.preview
    layers = [
        Layer(source.select, source.extend_select, source.ignore + source.extend_ignore)
        for source in (settings, given)
    ]
    if (rule := hidden(layers, preview)) is not None:
        raise SettingsError(f"{rule.code} {rule.name} is in preview: add --preview to run it")
    return Plan(
        rules=select(layers, preview),
        unfixable=named(settings.unfixable + given.unfixable),
        safe=named(settings.extend_safe_fixes + given.extend_safe_fixes),
        targets=dict(settings.targets) | dict(given.targets),
        severities=_severities(settings) | _severities(given),
        root=settings.root,
        ignores=tuple(
            (pattern, named(rules))
            for pattern, rules in settings.per_file_ignores + given.per_file_ignores
        ),
    )


def _severities(settings: Settings) -> dict[str, Severity]:
    """Return what the findings of each code count as."""
    rows = [(named((selector,)), Severity(word)) for selector, word in settings.severity]
    # The more precise selector wins, as everywhere: it names fewer rules, and comes last.
    rows.sort(key=lambda row: -len(row[0]))
    return {code: severity for codes, severity in rows for code in codes}
