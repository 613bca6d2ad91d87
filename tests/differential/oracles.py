"""What the rules must say of a generated program, from what its runs really did."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from peft_lint.engine import find
from peft_lint.finding import Finding, Severity
from peft_lint.rulebook import RuleInfo, all_rules
from peft_lint.versions import Target
from tests.differential.agreement import agreeing
from tests.differential.interpretation import Belief, beliefs, document_of
from tests.differential.reality import Program, Record, outcomes

JUDGED = ("PEF101", "PEF201", "PEF202", "PEF301")
TRAINED = 0.1  # the dropout of the trained adapters; configs that are drawn have others


def judged_rules() -> list[RuleInfo]:
    """Return the rules whose findings reality is asked about."""
    return [rule for rule in all_rules() if rule.code in JUDGED]


@dataclass
class Verdicts:
    """How often a rule had to fire, and how often its silence was explained, by the reason."""

    due: int = 0
    found: int = 0
    silent: dict[str, int] = field(default_factory=dict)

    def excuse(self, reason: str) -> None:
        """Count a silence that the rule's page, or the unknown, explains."""
        self.silent[reason] = self.silent.get(reason, 0) + 1


@dataclass
class Case:
    """A program with one run's records, what is believed at its probes, and the findings."""

    program: Program
    records: list[Record]

    @cached_property
    def beliefs(self) -> dict[int, list[Belief]]:
        """What each world believes, by the line of the probe."""
        return beliefs(document_of(self.program))

    @cached_property
    def findings(self) -> dict[str, dict[int, Finding]]:
        """The findings by code and by their first line."""
        document = document_of(self.program)
        found: dict[str, dict[int, Finding]] = {}
        for one in find(document, judged_rules(), Target()):
            line = document.text.count("\n", 0, one.span.start) + 1
            found.setdefault(one.code, {})[line] = one
        return found

    @cached_property
    def tree(self) -> ast.Module:
        """The program's syntax tree, with the lines of the program."""
        return ast.parse(self.program.source)

    @cached_property
    def all_records(self) -> list[Record]:
        """The records of the runs under all combinations of the flags."""
        runs = [run for run in self.program.every_run() if run.flags != self.program.flags]
        return [*self.records, *(record for run in runs for record in outcomes(run))]

    def in_some_run(self, holds: Callable[[Record], bool]) -> bool:
        """Return whether a record of this run, or else of another one, is as wanted."""
        return any(map(holds, self.records)) or any(map(holds, self.all_records))

    def function_of(self, line: int) -> ast.FunctionDef | ast.Module:
        """Return the innermost function around a line, the module if there is none."""
        inside: ast.FunctionDef | ast.Module = self.tree
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
                inside = node
        return inside


def wrong(case: Case, verdicts: dict[str, Verdicts]) -> Iterator[str]:
    """Yield the false and the missed alarms of a program, in words."""
    for code, found in case.findings.items():
        if code not in ("PEF101", "PEF201"):
            yield f"false alarm: {code} in lines {sorted(found)}"
    yield from _wrong_in_train_mode(case, verdicts["PEF201"])
    yield from _wrong_reinitialised(case, verdicts["PEF101"])


# Inference in train mode: two forwards differ, if and only if PEF201 warns.


def _wrong_in_train_mode(case: Case, verdicts: Verdicts) -> Iterator[str]:
    found = case.findings.get("PEF201", {})
    for line, finding in found.items():
        probe = line - 1
        if finding.severity is Severity.WARNING:
            fits = case.in_some_run(lambda r, probe=probe: r.line == probe and r.stochastic)
        else:
            fits = case.in_some_run(lambda r, probe=probe: r.line == probe and _is_live(r))
        if fits:
            continue
        if "except ValueError" in case.program.source:
            # Any line of a `try` may raise; in these programs only those raise that say so.
            verdicts.excuse("found after an exception that never came")
        else:
            yield f"false alarm: PEF201 as {finding.severity.value} in line {line}"
    for record in _inferences(case.records):
        if not record.stochastic:
            continue
        verdicts.due += 1
        line = record.line + 1
        finding = found.get(line)
        believed = agreeing(record, case.beliefs[record.line])
        if finding is not None:
            verdicts.found += 1
            if finding.severity is Severity.INFO and not any(map(_unknown_dropout, believed)):
                yield f"only an info of PEF201 in line {line}"
        elif any(_called_for(case, one, line) for one in believed):
            verdicts.excuse("train() was called for it")
        elif _reported_before(case, found, line):
            verdicts.excuse("reported at an earlier inference")
        elif all(map(_unknown_mode, believed)):
            verdicts.excuse("the mode is unknown")
        else:
            yield f"missed alarm: PEF201 in line {line}"


def _inferences(records: list[Record]) -> list[Record]:
    return [record for record in records if record.label == "inference"]


def _is_live(record: Record) -> bool:
    return record.base != "eval" or any(record.dropout[one] != "eval" for one in record.active)


def _unknown_dropout(belief: Belief) -> bool:
    body = belief.body
    return body is None or None in (body.dropout, *(one.dropout for one in body.active_adapters()))


def _unknown_mode(belief: Belief) -> bool:
    body = belief.body
    if body is None or body.adapters is None or body.active is None or body.enabled is None:
        return True
    modes = (body.training, *(one.training for one in body.active_adapters()))
    return None in modes or None in (one.merged for one in body.active_adapters())


def _called_for(case: Case, belief: Belief, line: int) -> bool:
    """Return whether `train()` was called in the same function: Monte-Carlo dropout."""
    call = belief.body.mode_call if belief.body else None
    function = case.function_of(line)
    if call is None or isinstance(function, ast.Module):
        return call is not None
    return function.lineno <= call.lineno <= (function.end_lineno or 0)


def _reported_before(case: Case, found: dict[int, Finding], line: int) -> bool:
    """Return whether the same function has an earlier finding: one cause is told once."""
    function = case.function_of(line)
    return any(one < line and case.function_of(one) is function for one in found)


# A trained checkpoint whose weights never come: PEF101.


def _wrong_reinitialised(case: Case, verdicts: Verdicts) -> Iterator[str]:
    found = case.findings.get("PEF101", {})
    if found and not case.in_some_run(_is_reinitialised):
        yield f"false alarm: PEF101 in lines {sorted(found)}"
    due = [
        record
        for record in _inferences(case.records)
        if _is_reinitialised(record) and record.distance == 0 and not record.disabled
    ]
    if not due:
        return
    verdicts.due += 1
    if found:
        verdicts.found += 1
        return
    source = case.program.source
    if "load_peft_weights(" in source or ".load_adapter(" in source:
        verdicts.excuse("weights are loaded on some path")
    elif "trainer.train(" in source or "loss.backward(" in source:
        verdicts.excuse("it is trained on some path")
    else:
        yield f"missed alarm: PEF101, at the inference in line {due[0].line + 1}"


def _is_reinitialised(record: Record) -> bool:
    """Return whether an active adapter has a trained one's config, and no weights of it."""
    return any(record.rate[one] == TRAINED and record.largest_b[one] == 0 for one in record.active)
