"""How often each rule reported something: for a first look at a large project."""

from __future__ import annotations

from collections import Counter

from peft_lint.reports import RunReport


def render(run: RunReport) -> str:
    """Return one line per rule and severity: count, code, severity, name; most first."""
    counts = Counter((one.code, one.severity.value, one.name) for one in run.findings)
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    width = max((len(str(number)) for _, number in rows), default=0)
    return "".join(
        f"{number:{width}}  {code}  {severity:7}  {name}\n"
        for (code, severity, name), number in rows
    )
