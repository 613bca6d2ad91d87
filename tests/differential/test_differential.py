"""The interpreter and the rules against reality, on generated programs.

PEFT_LINT_PROGRAMS says how many programs are drawn; the same ones each time.
"""

import os
from collections import defaultdict

from hypothesis import HealthCheck, given, settings

from tests.differential.agreement import Count, agreeing, claims, differences
from tests.differential.oracles import Case, Verdicts, wrong
from tests.differential.programs import programs
from tests.differential.reality import Program, ProgramRaisedError, outcomes

PROGRAMS = int(os.environ.get("PEFT_LINT_PROGRAMS", "200"))


class Ledger:
    """What was compared over all programs, and every mismatch with its program."""

    def __init__(self) -> None:
        self.count = Count()
        self.verdicts = {"PEF101": Verdicts(), "PEF201": Verdicts()}
        self.programs = self.raised = 0
        self.mismatches: dict[str, list[Program]] = defaultdict(list)

    def run(self, program: Program) -> None:
        """Execute and interpret a program, and note where the two differ."""
        self.programs += 1
        try:
            case = Case(program, outcomes(program))
            mismatches = [*self.disagreements(case), *wrong(case, self.verdicts)]
        except ProgramRaisedError:
            self.raised += 1
            return
        for words in mismatches:
            self.mismatches[words].append(program)

    def disagreements(self, case: Case) -> list[str]:
        """Return the probes at which no world claims the truth alone, in words."""
        found = []
        for record in case.records:
            believed = case.beliefs.get(record.line, [])
            right = agreeing(record, believed)
            if right:
                self.count.add(record, [claims(one) for one in right])
            elif believed:
                least = min((differences(record, one) for one in believed), key=len)
                found.append(f"line {record.line}: {least} (what is true, what is believed)")
            else:
                found.append(f"line {record.line}: reached by no world")
        return found

    def report(self) -> str:
        """Return the shortest program of the mismatches."""
        words, found = min(self.mismatches.items(), key=lambda row: len(row[1][0].source))
        program = min(found, key=lambda one: len(one.source))
        return f"{len(self.mismatches)} mismatches, for example {words}\n{program.flags}\n{program.source}"


def test_interpreter_and_rules_agree_with_reality(record_property):
    ledger = Ledger()

    @settings(
        max_examples=PROGRAMS,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def execute(program: Program) -> None:
        ledger.run(program)

    execute()
    count = ledger.count
    unknown = count.unknown / count.facts
    for figure in (
        f"{ledger.programs} programs ({ledger.raised} raised), {count.probes} probes",
        f"{count.facts} facts, {count.unknown} of them unknown ({unknown:.2%})",
        f"unknown facts by kind: {count.unknown_by_name}",
        *(f"{code}: {verdicts}" for code, verdicts in ledger.verdicts.items()),
    ):
        record_property("figure", f"differential: {figure}")
    assert not ledger.mismatches, ledger.report()
    assert ledger.raised <= 0.02 * ledger.programs
    assert unknown < 0.1
    # A generator that no longer reaches what the rules are about would prove nothing.
    assert all(verdicts.found for verdicts in ledger.verdicts.values())
