"""The side of the harness that tests call: `run` a script, get an `Outcome`."""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
INSTALLED = "installed"


@dataclass(frozen=True)
class Outcome:
    """What one script did.

    `measured` is what the measure returned (None without a measure, or when something was
    raised). `exception` reads "TypeError: text", empty when nothing was raised, neither by the
    script nor by the measure; `traceback` is its full text.
    """

    measured: Any
    exception: str
    traceback: str
    stdout: str
    stderr: str

    def value(self) -> Any:
        """Return `measured`; fail with the script's traceback if it raised."""
        assert not self.exception, f"the script raised\n{self.traceback}\n{self.stderr}"
        return self.measured


def run(
    code: str,
    measure: Callable[[dict[str, Any]], Any] | None = None,
    *,
    prepare: Callable[[dict[str, Any]], None] | None = None,
    folder: Path | None = None,
    seed: int | None = 0,
    timeout: float = 60,
    stack: str = INSTALLED,
) -> Outcome:
    """Execute `code` as `__main__` in a fresh process that has the libraries imported.

    It runs in `folder`, by default a temporary one that is removed afterwards. The tiny
    checkpoints of `checkpoints.py` that `code` names lie there under their ids, as folders.
    `prepare` may add
    names to the namespace before; `measure` reads the namespace after and returns plain data.
    Both run in the child, so they must be importable functions (or partials of such). `seed`
    None means: random, as in a new process that seeds nothing. A script that takes more than
    `timeout` seconds ends with "TimeoutError". `stack` names the releases to run on: those that
    are installed, or those of a file in `tests/proofs/stacks`, such as "peft-0.19". Mark what
    names one with `pytest.mark.stack`.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="peft-lint-") as name:
            keywords = {"prepare": prepare, "seed": seed, "timeout": timeout, "stack": stack}
            return run(code, measure, folder=Path(name), **keywords)
    request = pickle.dumps((code, measure, prepare, str(folder), seed))
    return Outcome(*_server(stack).ask(timeout, request))


@cache
def _server(stack: str) -> _Server:
    return _Server(stack)


def _python(stack: str) -> str:
    """Return the interpreter of a stack."""
    if stack == INSTALLED:
        return sys.executable
    path = ROOT / f".venv-{stack}" / "bin" / "python"
    if not path.exists():
        raise RuntimeError(f"the stack {stack!r} is not there: `make proofs` builds {path}")
    return str(path)


class _Server:
    """The process that has imported the libraries of a stack; it forks once per request."""

    def __init__(self, stack: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="peft-lint-checkpoints-")
        self._log = Path(self._folder.name, "log")
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [_python(stack), "-m", "tests.proofs.harness.server", self._folder.name, stack],
                cwd=ROOT,
                env=os.environ | _ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        atexit.register(self._close)

    def ask(self, timeout: float, request: bytes) -> tuple[Any, ...]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            pickle.dump((timeout, request), self._process.stdin)
            self._process.stdin.flush()
            return pickle.load(self._process.stdout)
        except (BrokenPipeError, EOFError):
            raise RuntimeError(f"the proof server ended:\n{self._log.read_text()}") from None

    def _close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()


# One thread each: children are forked, and the machine may have two cores. Nothing is fetched.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "WANDB_DISABLED": "true",
    # A thread that loads weights in a forked child may meet a pool that died with the fork.
    "HF_DEACTIVATE_ASYNC_LOAD": "1",
    "PYTHONPATH": str(ROOT),
}
