"""The process behind `run`: imports the libraries once, then forks once per script."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pickle
import random
import shutil
import signal
import sys
import traceback
import types
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.proofs.harness.checkpoints import build_all, named_in

# Lazily imported parts of the libraries, imported here so that no child pays for them.
PRELOAD = (
    "numpy",
    "torch",
    "torch._dynamo",
    "accelerate",
    "transformers",
    "peft",
    "pytest",
    "transformers.trainer",
    "transformers.pipelines",
    "transformers.data.data_collator",
    "peft.auto",
    "peft.helpers",
    "transformers.integrations.peft",
    "numpy.ctypeslib",
    "torch.profiler._cupti_monitor",
    "torch.utils.serialization",
    "tests.proofs.harness.measures",
    *(
        f"transformers.models.{name}"
        for name in (
            "auto.modeling_auto",
            "auto.tokenization_auto",
            "llama.modeling_llama",
            "gpt2.modeling_gpt2",
            "bert.modeling_bert",
            "distilbert.modeling_distilbert",
            "deberta_v2.modeling_deberta_v2",
            "t5.modeling_t5",
            "vit.modeling_vit",
            "wav2vec2.modeling_wav2vec2",
        )
    ),
)
# What only the installed stack has.
PRELOAD_INSTALLED = (
    "datasets",
    "peft.tuners.lora.bnb",
    "trl",
    "trl.trainer.sft_trainer",
    "peft.utils.transformers_weight_conversion",
)


def main(checkpoints: Path, preload: tuple[str, ...]) -> None:
    """Build the checkpoints in `checkpoints`, then answer requests on stdin until it closes."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    for name in preload:
        importlib.import_module(name)
    import torch
    import transformers

    torch.set_num_threads(1)
    _build_in_child(checkpoints)
    # Fills the libraries' caches (a thousand regular expressions) before the forks.
    transformers.AutoModelForCausalLM.from_pretrained(checkpoints / "base-model")
    gc.freeze()
    while True:
        try:
            timeout, request = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(_fork(request, timeout, checkpoints), answers)
        answers.flush()


def _build_in_child(checkpoints: Path) -> None:
    """Build in a child: backward passes start threads, which a forking process must not have."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            build_all(checkpoints)
            status = 0
        except Exception:
            traceback.print_exc()
        os._exit(status)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit("the tiny checkpoints could not be built; the reason is above")


def _fork(request: bytes, timeout: float, checkpoints: Path) -> tuple[Any, ...]:
    ours, theirs = Pipe(duplex=False)
    pid = os.fork()
    if not pid:
        ours.close()
        _child(request, checkpoints, theirs)
    theirs.close()
    deadline = f"TimeoutError: no result after {timeout} seconds"
    answer: tuple[Any, ...] = (None, deadline, deadline, "", "")
    try:
        if ours.poll(timeout):
            answer = ours.recv()
    except EOFError:
        died = "ChildProcessError: the script ended its process"
        answer = (None, died, died, "", "")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    ours.close()
    return answer


def _child(request: bytes, checkpoints: Path, answers: Connection) -> None:
    """Run the request, send its answer and end this process."""
    code, measure, prepare, folder, seed = pickle.loads(request)
    outputs = [Path(folder) / ".stdout", Path(folder) / ".stderr"]
    for number, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    measured, exception, trace = None, "", ""
    try:
        for name in named_in(code):
            if not Path(folder, name).exists():
                shutil.copytree(checkpoints / name, Path(folder, name))
        os.chdir(folder)
        _seed(seed)
        script = types.ModuleType("__main__")
        sys.modules["__main__"] = script
        sys.argv = ["script.py"]
        if prepare is not None:
            prepare(script.__dict__)
        exec(compile(code, "script.py", "exec"), script.__dict__)
        if measure is not None:
            measured = json.loads(json.dumps(measure(script.__dict__)))
    except BaseException as error:  # a script may also leave by SystemExit
        exception = f"{type(error).__name__}: {error}"
        trace = traceback.format_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    printed = [path.read_text("utf-8", "replace") for path in outputs]
    answers.send((measured, exception, trace, *printed))
    os._exit(0)  # no exit hook of a library may run


def _seed(seed: int | None) -> None:
    import numpy
    import torch

    if seed is None:
        seed = int.from_bytes(os.urandom(4), "little")
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)


if __name__ == "__main__":
    installed = sys.argv[2] == "installed"
    main(Path(sys.argv[1]), (*PRELOAD, *PRELOAD_INSTALLED) if installed else PRELOAD)
