"""Run peft-lint over a folder of real code: what crashes, what is found, whether fixes hold.

    python -m tools.corpus_run CORPUS --output findings.jsonl --fix-check --gate-check

CORPUS holds one folder per package. Exit code 1 if any file made the program fail, any fix did
not hold, or the scope gate hid a finding that `HIDDEN` does not explain.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from peft_lint import sources
from peft_lint.document import Document, DocumentError
from peft_lint.engine import analyse, find
from peft_lint.finding import Finding
from peft_lint.fixer import fix
from peft_lint.rulebook import RuleInfo, all_rules
from peft_lint.versions import Target

# What the scope gate may hide, and in files without which words. Nothing else.
HIDDEN = {
    # These hold for any model that answers, but one without an adapter is not our concern.
    "PEF201": ("peft", "adapter", "lora"),
    "PEF203": ("peft", "adapter", "lora"),
}


@dataclass
class Tally:
    """What a run over many files came to; `trouble` are lines that ask for a person."""

    counts: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)


class Run:
    """One run: the rules, the releases assumed, and where the findings go."""

    def __init__(
        self, root: Path, output: TextIO | None, fix_check: bool, gate_check: bool
    ) -> None:
        self.root = root
        self.output = output
        self.fix_check = fix_check
        self.gate_check = gate_check
        self.rules: tuple[RuleInfo, ...] = all_rules()
        self.target = Target()
        self.tally = Tally()

    def file(self, path: Path) -> None:
        """Analyse one file and note what it gave; nothing that goes wrong escapes."""
        name = path.relative_to(self.root).as_posix()
        started = time.process_time()
        try:
            self._documents(sources.read(path.read_bytes(), name))
        except (DocumentError, sources.UnreadableError):
            self.tally.counts["not Python, not text or too large"] += 1
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(where.filename).name}:{where.lineno}"
            self.tally.trouble.append(f"{name}: {type(error).__name__} at {place}: {error}")
        self.tally.slowest = sorted(
            [*self.tally.slowest, (time.process_time() - started, name)], reverse=True
        )[:5]

    def _documents(self, document: Document | None) -> None:
        """Analyse all documents of a file."""
        in_scope = False
        while document is not None:
            analysis = analyse(document, self.rules, self.target)
            in_scope = in_scope or analysis.in_scope
            if analysis.in_scope:
                self.tally.counts["cells left out"] += len(document.problems)
            for finding in analysis.findings:
                self._note(document, finding)
            if self.gate_check and not analysis.in_scope:
                self._check_gate(document)
            if self.fix_check and analysis.findings:
                self._check_fixes(document)
            document = document.following
        self.tally.counts["analysed" if in_scope else "out of scope"] += 1

    def _note(self, document: Document, finding: Finding) -> None:
        """Count a finding and write it as one line of JSON."""
        self.tally.rules[f"{finding.code} {finding.severity.value}"] += 1
        if self.output is None:
            return
        place = document.place(finding.span.start)
        steps = [(document.place(step.span.start), step.message) for step in finding.story]
        record = {
            "package": document.path.split("/", 1)[0],
            "path": document.path,
            "cell": place.cell,
            "row": place.row,
            "column": place.column,
            "code": finding.code,
            "severity": finding.severity.value,
            "message": finding.message,
            "fixes": [f"{f.applicability.value}: {f.title}" for f in finding.fixes],
            "story": [
                {"cell": at.cell, "row": at.row, "column": at.column, "message": message}
                for at, message in steps
            ],
        }
        self.output.write(json.dumps(record) + "\n")

    def _check_gate(self, document: Document) -> None:
        """Analyse a file that the scope gate kept out: it must hold nothing but what may hide."""
        text = document.text
        words = (word for rule in self.rules if rule.module for word in rule.words)
        if not any(word.strip("*") in text for word in words):
            return
        try:
            findings = find(document, self.rules, self.target)
        except DocumentError:
            return
        self.tally.counts["analysed without the gate"] += 1
        for finding in findings:
            absent = HIDDEN.get(finding.code)
            if absent is not None and not any(word in text.lower() for word in absent):
                self.tally.hidden[finding.code] += 1
            else:
                row = document.place(finding.span.start).row
                self.tally.trouble.append(f"{document.path}:{row}: the gate hides {finding.code}")

    def _check_fixes(self, document: Document) -> None:
        """Apply every safe and unsafe fix in memory: it must parse, and then change no more."""

        def findings(current: Document) -> tuple[Finding, ...]:
            return analyse(current, self.rules, self.target).findings

        once = fix(document, findings, unsafe=True)
        if not once.applied:
            return
        self.tally.counts["fixed in memory"] += 1
        try:
            ast.parse(once.document.text)
        except SyntaxError as error:
            line = f"{document.path}: does not parse after its fixes, line {error.lineno}"
            self.tally.trouble.append(line)
            return
        again = fix(once.document, findings, unsafe=True).document
        if again.to_bytes() != once.document.to_bytes():
            self.tally.trouble.append(f"{document.path}: a second fix run changes it again")
        if document.path.endswith(".ipynb") and not _only_sources_differ(document, once.document):
            self.tally.trouble.append(f"{document.path}: its fixes change more than sources")


def _only_sources_differ(before: Document, after: Document) -> bool:
    """Return whether two notebooks are the same but for their cells' sources."""
    notebooks = [json.loads(one.to_bytes()) for one in (before, after)]
    for cell in (cell for notebook in notebooks for cell in notebook["cells"]):
        cell["source"] = type(cell["source"])()
    return bool(notebooks[0] == notebooks[1])


def files(root: Path, packages: list[str] | None) -> Iterator[Path]:
    """Yield the files with Python in them below the chosen packages, in a fixed order."""
    for folder in [root / name for name in packages] if packages else [root]:
        found = (path for ending in sources.SUFFIXES for path in folder.rglob(f"*{ending}"))
        yield from sorted(path for path in found if path.is_file())


def report(tally: Tally, seconds: float) -> None:
    """Print what the run came to."""
    again = ("fixed in memory", "analysed without the gate")
    total = sum(tally.counts[key] for key in tally.counts if key not in again)
    print(f"{total + len(tally.trouble)} files, {seconds:.1f} s CPU")
    for name, count in sorted(tally.counts.items()):
        print(f"  {count:6} {name}")
    for name, count in sorted(tally.hidden.items()):
        print(f"  {count:6} {name} hidden by the gate, as it may")
    print("findings")
    for name, count in sorted(tally.rules.items()) or [("none", 0)]:
        print(f"  {count:6} {name}")
    print("slowest files")
    for spent, name in tally.slowest:
        print(f"  {spent:6.2f} s {name}")
    for line in tally.trouble:
        print(f"TROUBLE {line}")


def main() -> int:
    """Run over the corpus that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="folder with one folder per package")
    parser.add_argument("--output", type=Path, help="where to write all findings, as JSON lines")
    parser.add_argument("--fix-check", action="store_true", help="apply all fixes in memory")
    parser.add_argument("--gate-check", action="store_true", help="run without the gate as well")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these packages")
    options = parser.parse_args()
    folders = [options.corpus, *(options.corpus / name for name in options.only or ())]
    if missing := [folder for folder in folders if not folder.is_dir()]:
        parser.error(f"no such folder: {missing[0]}")

    opened = options.output.open("w", encoding="utf-8") if options.output else None
    # Paths are shown as the corpus has them, and lead to files beside the one at hand.
    os.chdir(options.corpus)
    run = Run(Path(), opened, options.fix_check, options.gate_check)
    started = time.process_time()
    for path in files(Path(), options.only):
        run.file(path)
    if opened:
        opened.close()
    report(run.tally, time.process_time() - started)
    return 1 if run.tally.trouble else 0


if __name__ == "__main__":
    raise SystemExit(main())
