"""What is found in what an editor has open, under the settings that hold for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial

from peft_lint import engine, scope, suppression
from peft_lint.discovery import is_excluded
from peft_lint.document import Document, DocumentError
from peft_lint.failure import internal_error, not_analysed, with_left_out
from peft_lint.finding import Finding, Severity, Span
from peft_lint.lean import Record
from peft_lint.plan import Plan, make_plan
from peft_lint.server.opened import Opened
from peft_lint.settings import Settings, SettingsError, nearest
from peft_lint.versions import Target, resolve

# One at a time: analysis is bound to the processor, and LibCST's threads want a stack size
# that is set for the whole process.
_LOCK = threading.Lock()


class Checked(Record):
    """A document with its findings, and the target releases that it was analysed for.

    `again` gives the findings of another text in this one's place, for fixes; it is None where
    this one could not be analysed.
    """

    document: Document
    findings: tuple[Finding, ...]
    target: Target = Target()
    again: Callable[[Document], list[Finding]] | None = None


def check(held: Opened, given: Settings) -> Checked:
    """Analyse what is open; `given` are the editor's settings.

    What keeps it from being analysed becomes a finding on it. No exception escapes. Of what the
    project excludes, such as an installed library that the editor shows, nothing is said.
    """
    with _LOCK:
        # Until it is made: it may be too large.
        document = Document(held.path, "")
        try:
            document = held.document()
            if is_excluded(document.path, nearest):
                return Checked(document, ())
            plan = make_plan(nearest(os.path.dirname(document.path)), given).at(document.path)
            target = resolve(document.path, plan.targets, document.text, document.commands)
            again = partial(_findings, plan, target)
            return Checked(document, tuple(again(document)), target, again)
        except SettingsError as error:
            return Checked(document, (_settings_error(error),))
        except DocumentError as error:
            return Checked(document, tuple(not_analysed(document, error).findings))
        except Exception as error:
            return Checked(document, tuple(internal_error(document, error).findings))


def _findings(plan: Plan, target: Target, document: Document) -> list[Finding]:
    analysis = engine.analyse(document, plan.rules, target)
    broken = document.problems and scope.admits(document.to_bytes())
    if not analysis.in_scope and not broken:
        return []
    active = plan.active(target)
    kept = suppression.apply(document, analysis.findings, active)
    if "PEF001" in active:
        kept = with_left_out(document, kept)
    return [plan.applied_to(finding) for finding in kept]


def _settings_error(error: SettingsError) -> Finding:
    message = f"not analysed: {error}"
    start = Span(0, 0)
    return Finding("PEF000", "internal-error", Severity.ERROR, message, start, start)
