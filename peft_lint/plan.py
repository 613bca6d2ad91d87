"""What the settings of a file and the command line come to, together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from peft_lint.finding import Applicability, Finding
from peft_lint.rulebook import RuleInfo
from peft_lint.selection import Layer, hidden, select
from peft_lint.settings import Settings, SettingsError
from peft_lint.versions import Target


class Plan(NamedTuple):
    """The rules to run, how far their fixes may go, and the releases that were asked for."""

    rules: tuple[RuleInfo, ...]
    unfixable: frozenset[str]
    safe: frozenset[str]
    targets: Mapping[str, str]

    def active(self, target: Target) -> set[str]:
        """Return the codes that can be reported for `target`."""
        return {
            rule.code
            for rule in self.rules
            if all(target.allows(library, releases) for library, releases in rule.libraries.items())
        }

    def applied_to(self, finding: Finding) -> Finding:
        """Return the finding with its fixes as safe as the settings want them to count."""
        if finding.code in self.unfixable:
            change = dict.fromkeys(Applicability, Applicability.DISPLAY)
        elif finding.code in self.safe:
            change = {Applicability.UNSAFE: Applicability.SAFE}
        else:
            return finding
        fixes = [
            fix._replace(applicability=change.get(fix.applicability, fix.applicability))
            for fix in finding.fixes
        ]
        return finding._replace(fixes=tuple(fixes))


def make_plan(settings: Settings, given: Settings) -> Plan:
    """Join the settings of a file with those of the command line, which win.

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
        select(layers, preview),
        _codes(settings.unfixable),
        _codes(settings.extend_safe_fixes),
        dict(settings.targets) | dict(given.targets),
    )


def _codes(selectors: tuple[str, ...]) -> frozenset[str]:
    rules = select([Layer(select=selectors)], preview=True) if selectors else ()
    return frozenset(rule.code for rule in rules)
