"""What a run imports: never the libraries it speaks of, and LibCST only for a suspicion."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.doors.programs import ROOT, SCRIPT

LIBRARIES = {"peft", "torch", "transformers", "trl", "accelerate", "bitsandbytes", "datasets"}
# Each costs as much as the whole start of a short run.
SLOW = {"click", "rich", "logging", "importlib.metadata", "pygls", "flake8", "shtab", "watchfiles"}
# Standard error is the program's own last word: standard output belongs to the report.
REPORT_MODULES = """
import atexit, json, sys
atexit.register(lambda: sys.stderr.write("\\n" + json.dumps(sorted(sys.modules))))
"""
RUN = """
import sys
from peft_lint.cli import main
sys.exit(main(sys.argv[1:]))
"""


def modules_after(program, *arguments, folder):
    """Return the exit code of a new Python and the names of the modules it had in the end."""
    process = subprocess.run(
        [sys.executable, "-c", REPORT_MODULES + program, *arguments],
        cwd=folder,
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return process.returncode, set(json.loads(process.stderr.splitlines()[-1]))


def test_the_package_itself_imports_nothing(tmp_path):
    before = modules_after("", folder=tmp_path)[1]
    code, names = modules_after("import peft_lint", folder=tmp_path)
    assert code == 0
    assert names - before == {"peft_lint"}


@pytest.mark.parametrize(
    "text",
    [
        "import torch\nx = 1\n",
        "import peft\nfrom peft import PeftModel\n",
        SCRIPT.replace("model.eval()", "trainer = Trainer(model)\ntrainer.train()"),
    ],
    ids=["out-of-scope", "no-rule-looks", "nothing-suspected"],
)
def test_without_a_suspicion_there_is_no_libcst(tmp_path, text):
    (tmp_path / "a.py").write_text(text)
    code, names = modules_after(RUN, "a.py", folder=tmp_path)
    assert code == 0
    assert "peft_lint.cli.check" in names
    assert ({"libcst"} | LIBRARIES | SLOW) & names == set()


def test_without_a_suspicion_there_is_no_typing(tmp_path):
    (tmp_path / "a.py").write_text(SCRIPT.replace("model.eval()", "trainer.train()"))
    before = modules_after("", folder=tmp_path)[1]
    names = modules_after(RUN, "a.py", folder=tmp_path)[1]
    assert "typing" not in names - before


def test_typing_is_imported_only_where_slower_libraries_are():
    root = ROOT / "peft_lint"
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"^(from|import) typing\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert found == {"server/app.py", "server/session.py", "syntax/driver.py"}


def test_a_script_needs_nothing_of_notebooks(tmp_path):
    (tmp_path / "a.py").write_text(SCRIPT)
    names = modules_after(RUN, "a.py", folder=tmp_path)[1]
    assert not {name for name in names if "notebook" in name or "markdown" in name}


def test_a_notebook_without_a_suspicion_needs_no_libcst(tmp_path):
    cell = {"cell_type": "code", "source": "import peft\n!pip install trl", "metadata": {}}
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell], "metadata": {}}))
    code, names = modules_after(RUN, "a.ipynb", folder=tmp_path)
    assert code == 0
    assert "peft_lint.notebook.document" in names
    assert ({"libcst", "IPython", "nbformat"} | LIBRARIES | SLOW) & names == set()


def test_a_file_out_of_scope_is_not_interpreted(tmp_path):
    (tmp_path / "a.py").write_text("import torch\nx = 1\n")
    names = modules_after(RUN, "a.py", folder=tmp_path)[1]
    assert "peft_lint.scope" in names
    assert ({"ast", "peft_lint.engine", "peft_lint.interpreter"} | SLOW) & names == set()


@pytest.mark.parametrize("options", [(), ("--diff",), ("--fix",), ("--output-format", "json")])
def test_a_finding_and_its_fix_import_libcst_and_no_library(tmp_path, options):
    (tmp_path / "a.py").write_text(SCRIPT)
    code, names = modules_after(RUN, "a.py", *options, folder=tmp_path)
    assert code == (0 if "--fix" in options else 1)
    assert "libcst" in names
    # The matchers cost as much again as LibCST itself.
    assert ({"libcst.matchers"} | LIBRARIES | SLOW) & names == set()


@pytest.mark.parametrize("arguments", [("rules",), ("rule", "PEF101"), ("trace", "a.py:6")])
def test_the_other_commands_import_neither(tmp_path, arguments):
    (tmp_path / "a.py").write_text(SCRIPT)
    code, names = modules_after(RUN, *arguments, folder=tmp_path)
    assert code == 0
    assert (LIBRARIES | SLOW) & names == set()


def test_reading_versions_imports_no_library(tmp_path):
    (tmp_path / "a.py").write_text(SCRIPT)
    (tmp_path / "requirements.txt").write_text("peft>=0.10\n")
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = ['torch>=2']\n")
    code, names = modules_after(RUN, "a.py", folder=tmp_path)
    assert code == 1
    assert LIBRARIES & names == set()
