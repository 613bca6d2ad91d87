"""`peft-lint settings`, and the schema as validators read it."""

import json
import subprocess
import sys

import pytest

from peft_lint.options import OPTIONS, schema
from tests.doors.programs import ROOT, run_here

SETTINGS = """\
[project]
dependencies = ["peft==0.19.1"]

[tool.peft-lint]
ignore = ["PEF202"]
target-trl = "1.0.0"

[tool.peft-lint.per-file-ignores]
"tests/" = ["PEF3"]

[tool.peft-lint.severity]
PEF201 = "error"
"""


def rows(text):
    return {line.split()[0]: line for line in text.splitlines()}


def test_each_value_says_where_it_comes_from(tmp_path):
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.py").write_text("import peft\n")
    shown = run_here("peft_lint", "settings", "tests/a.py", folder=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    found = rows(shown.stdout)
    assert set(found) >= {option.key for option in OPTIONS}
    assert found["ignore"].split() == ["ignore", '["PEF202"]', "pyproject.toml:5"]
    assert found["preview"].split() == ["preview", "false", "default"]
    assert found["severity"].endswith("pyproject.toml:11")
    assert '{ "tests/" = ["PEF3"] }' in found["per-file-ignores"]
    assert found["target-trl"].split() == ["target-trl", "1.0.0", "pyproject.toml:6"]
    assert found["target-peft"].split()[1] == "0.19.1"
    assert "pyproject.toml" in found["target-peft"]
    assert "PEF101" in found["rules"]
    assert not {"PEF202", "PEF301"} & set(found["rules"].split())


def test_a_folder_has_the_releases_of_what_lies_in_it(tmp_path):
    (tmp_path / "requirements.txt").write_text("peft==0.12.0\n")
    (tmp_path / "sub").mkdir()
    for path in ((), (".",), ("sub",), ("sub/",)):
        shown = run_here("peft_lint", "settings", *path, folder=tmp_path)
        words = rows(shown.stdout)["target-peft"].split(maxsplit=2)
        assert words == ["target-peft", "0.12.0", "pinned in requirements.txt"]


def test_what_a_notebook_installs_counts(tmp_path):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [cell | {"source": ["!pip install peft==0.10.0\n"]}]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "broken.ipynb").write_text("{")
    shown = run_here("peft_lint", "settings", "a.ipynb", folder=tmp_path)
    assert rows(shown.stdout)["target-peft"].split()[1] == "0.10.0"
    shown = run_here("peft_lint", "settings", "broken.ipynb", folder=tmp_path)
    assert shown.returncode == 0
    assert rows(shown.stdout)["target-peft"].endswith("newest known release")


def test_a_path_that_is_not_there(tmp_path):
    shown = run_here("peft_lint", "settings", "gone.py", folder=tmp_path)
    assert shown.returncode == 2
    assert shown.stderr == "peft-lint: error: gone.py: no such file or folder\n"


def test_tables_of_the_settings_hold(tmp_path):
    demo = ROOT / "testdata" / "demo"
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "train.py").write_bytes((demo / "train_qlora.py").read_bytes())
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "train.py").write_bytes((demo / "train_classifier.py").read_bytes())
    report = run_here("peft_lint", ".", "--output-format", "json", folder=tmp_path)
    assert report.returncode == 1
    found = [
        (one["path"], one["code"], one["severity"]) for one in json.loads(report.stdout)["findings"]
    ]
    assert found == [("train.py", "PEF201", "error")]


def test_the_schema_is_printed(tmp_path):
    shown = run_here("peft_lint", "settings", "--schema", folder=tmp_path)
    assert json.loads(shown.stdout) == schema()


@pytest.mark.parametrize(
    ("table", "code", "words"),
    [
        (SETTINGS.partition("\n\n")[2], 0, "Valid file"),
        ("[tool.peft-lint]\nexlcude = []\n", 1, "exlcude"),
        ('[tool.peft-lint.severity]\nPEF201 = "bad"\n', 1, "tool.peft-lint.severity.PEF201"),
    ],
)
def test_validate_pyproject_knows_the_table(tmp_path, table, code, words):
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\nname = "x"\nversion = "1"\n\n' + table)
    run = subprocess.run(
        [sys.executable, "-m", "validate_pyproject", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code
    assert words in run.stdout + run.stderr
