"""How CPU time is measured for `make bench`: whole processes, single calls, and pairs of them."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


def process_seconds(command: Sequence[str | Path]) -> float:
    """Return the CPU seconds, user and system, of a process and of what it waited for."""
    child = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        # An installed program has its bytecode; a run that may not keep it would compile anew.
        env={key: value for key, value in os.environ.items() if key != NO_BYTECODE},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        print(f"  note: exit code {child.returncode} from {' '.join(map(str, command[:4]))} …")
    return usage.ru_utime + usage.ru_stime


def call_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call in this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def interleaved(rounds: int, *measures: Callable[[], float]) -> list[float]:
    """Run the measures in turn, `rounds` times after one that does not count; return medians."""
    for measure in measures:
        measure()
    samples = [[measure() for measure in measures] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*samples, strict=True)]


def milliseconds(seconds: float) -> str:
    """Return a duration as text."""
    return f"{1000 * seconds:.1f} ms"
