"""What the doors cost that other programs open: the language server, and the flake8 plugin."""

from __future__ import annotations

import ast
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.measuring import ROOT, interleaved, milliseconds, process_seconds

CHANGES = 100
# One file in twelve uses PEFT, as in a trainer that supports it among other things.
FLAKE8_FILES = 120
SHARE = 12
# flake8 as it is installed, or without our entry point among those that it finds.
FLAKE8 = """
import importlib.metadata as metadata, sys
every = metadata.distributions
if sys.argv.pop(1) == "without":
    metadata.distributions = lambda **words: (
        one for one in every(**words) if not one._path.name.startswith("peft_lint-")
    )
from flake8.main.cli import main
raise SystemExit(main())
"""


class _Server:
    """The language server, and a client that asks it and waits."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "peft_lint", "server"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._count = 0
        pulling = {"textDocument": {"diagnostic": {}}}
        start = {"processId": os.getpid(), "rootUri": None, "capabilities": pulling}
        self.ask("initialize", start)
        self.tell("initialized", {})

    def tell(self, method: str, params: Mapping[str, Any] | None) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Mapping[str, Any] | None) -> Any:
        """Return the result, once it has come."""
        self._count += 1
        self._send({"id": self._count, "method": method, "params": params})
        while True:
            answer = self._receive()
            if answer.get("id") == self._count:
                return answer["result"]

    def end(self) -> float:
        """End the server; return the CPU seconds that it took from its start on."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> Any:
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(self._process.stdout.read(length))


def editor(texts: Sequence[str]) -> None:
    """Print how long an editor waits for diagnostics after a change, against ast.parse."""
    print("\n7. a change until its diagnostics, through the language server, against ast.parse")
    start = _Server().end()
    for text in texts:
        server = _Server()
        document = {"uri": (ROOT / "edited.py").as_uri()}
        opened = {**document, "languageId": "python", "version": 0, "text": text}
        server.tell("textDocument/didOpen", {"textDocument": opened})
        found = server.ask("textDocument/diagnostic", {"textDocument": document})["items"]
        waited = [_change(server, document, text, version) for version in range(1, CHANGES + 1)]
        used = (server.end() - start) / (CHANGES + 1)
        clock, used_by_parsing = _parsing(text)
        slow = statistics.quantiles(waited, n=20)[-1]
        print(f"  {text.count(chr(10))} lines, {len(found)} findings, {CHANGES} changes:")
        for name, seconds, floor in (
            ("median by the clock", statistics.median(waited), clock),
            ("95th percentile by the clock", slow, clock),
            ("processor time", used, used_by_parsing),
        ):
            print(f"    {name:30}{milliseconds(seconds):>10}{seconds / floor:8.1f}x")


def _change(server: _Server, document: Mapping[str, Any], text: str, version: int) -> float:
    """Return how long it takes from a change to its diagnostics."""
    started = time.perf_counter()
    versioned = {**document, "version": version}
    change = {"textDocument": versioned, "contentChanges": [{"text": f"{text}# {version}\n"}]}
    server.tell("textDocument/didChange", change)
    server.ask("textDocument/diagnostic", {"textDocument": document})
    return time.perf_counter() - started


def _parsing(text: str) -> tuple[float, float]:
    """Return the medians of what ast.parse takes: by the clock, and of the processor."""
    samples = []
    for _ in range(CHANGES):
        started, used = time.perf_counter(), time.process_time()
        ast.parse(text)
        samples.append((time.perf_counter() - started, time.process_time() - used))
    clock, processor = zip(*samples, strict=True)
    return statistics.median(clock), statistics.median(processor)


def flake8(files: Sequence[Path], plain: Path, rounds: int) -> None:
    """Print the CPU time of flake8 with and without the plugin."""
    print(f"\n8. flake8 with the plugin, one file in {SHARE} importing PEFT (bar: 1.10x)")
    others = [path for path in sorted(plain.rglob("*.py")) if "site-packages" not in path.parts]
    sample = _spread(files, FLAKE8_FILES // SHARE)
    sample += _spread(others, FLAKE8_FILES - len(sample))
    for jobs in (1, 8):
        command = [f"--jobs={jobs}", "--isolated", "--exit-zero", *sample]

        def seconds(side: str, command: Sequence[str | Path] = command) -> float:
            return process_seconds([sys.executable, "-c", FLAKE8, side, *command])

        ours, bare = interleaved(rounds, lambda: seconds("with"), lambda: seconds("without"))
        print(f"  {len(sample)} files, {jobs} jobs: {ours:.2f} s, without it {bare:.2f} s", end="")
        print(f", ratio {ours / bare:.2f}x")


def _spread(files: Sequence[Path], count: int) -> list[Path]:
    """Return so many files, evenly spread."""
    return list(files[:: max(1, len(files) // count)][:count])
