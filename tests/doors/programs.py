"""What the tests of the doors share: a script with a known finding, and how programs are run."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# PEF101 at 6:9, with a safe fix.
SCRIPT = """\
from peft import PeftConfig, get_peft_model
from transformers import AutoModelForCausalLM

config = PeftConfig.from_pretrained("adapter")
base = AutoModelForCausalLM.from_pretrained(config.base_model_name_or_path)
model = get_peft_model(base, config)
model.eval()
"""
CALL = "model = get_peft_model(base, config)\n"
FIXED = SCRIPT.replace("PeftConfig, get_peft_model\n", "PeftConfig, PeftModel, get_peft_model\n")
FIXED = FIXED.replace("get_peft_model(base, config)", 'PeftModel.from_pretrained(base, "adapter")')
# Two findings of PEF002, which are infos.
UNUSED = "import peft\nx = 1  # peft-lint: ignore[PEF002, syntax-error] old\ny = 2  # peft-lint: ignore\n"
# A fenced block of a page: its language, its text.
SNIPPET = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def snippets(page, language):
    """Return the fenced blocks of a language on one of the doors' pages."""
    text = (ROOT / "docs" / "doors" / page).read_text()
    return [block for name, block in SNIPPET.findall(text) if name == language]


def run(command, folder, *, stdin=b"", **extra):
    """Run a program to its end; its output is text, and never a traceback."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    process = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        input=stdin,
        capture_output=True,
        check=False,
        env=environment | extra,
    )
    process.stdout, process.stderr = process.stdout.decode(), process.stderr.decode()
    assert "Traceback" not in process.stdout + process.stderr, process.stderr
    return process


def run_here(module, *arguments, folder, **keywords):
    """Run a module of this Python, with the package as it is in this checkout."""
    command = [sys.executable, "-m", module, *arguments]
    return run(command, folder, PYTHONPATH=str(ROOT), **keywords)


def read_terminal(parent):
    """Return what has arrived at a terminal once nothing writes to it any more, and close it."""
    received = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        received += part
    os.close(parent)
    return received.decode()


def environment(**extra):
    """Return the environment in which this checkout runs, without a say about colours."""
    base = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    return {**base, "PYTHONPATH": str(ROOT), **extra}


class Cli:
    """The command line in a folder: called with arguments, it keeps what was printed."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *arguments, stdin=b"", **extra):
        process = subprocess.run(
            [sys.executable, "-m", "peft_lint", *map(str, arguments)],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            check=False,
            env=environment(**extra),
        )
        self.stdout, self.stderr = process.stdout.decode(), process.stderr.decode()
        assert "Traceback" not in self.stderr
        return process.returncode

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path


def cli_findings(folder, *paths):
    """Return (path, row, column, code, message) of what the command line reports, sorted."""
    process = run_here("peft_lint", "--output-format", "json", *paths, folder=folder)
    rows = json.loads(process.stdout)["findings"]
    return sorted((r["path"], r["row"], r["column"], r["code"], r["message"]) for r in rows)


def copy_of_project(folder):
    """Copy the project without what is made or installed in it; it need not be a checkout."""
    made = (
        ".git",
        ".venv*",
        ".shells",
        ".*_cache",
        ".hypothesis",
        "__pycache__",
        "build",
        "dist",
        "corpus",
    )
    return shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*made))
