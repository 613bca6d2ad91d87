"""The generated index agrees with the rule pages, and bad pages are named."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TOOL = ROOT / "tools" / "make_index.py"
PAGE = """\
+++
code = "PEF999"
name = "some-rule"
category = "loading"
severity = ["error"]
words = ["peft"]
fixes = ["safe"]
since = "0.1.0"
preview = false
libraries = { peft = ">=0.3" }
yields-to = []
references = []
+++
# What it does

Finds a thing. Then
another one.
"""


@pytest.fixture
def tool(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("make_index", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PAGES", tmp_path)
    monkeypatch.setattr(module, "INDEX", tmp_path / "index.json")
    monkeypatch.setattr(module, "README", tmp_path / "README.md")
    (tmp_path / "README.md").write_text("before\n<!-- rules -->\n<!-- end of rules -->\nafter\n")
    return module


def test_the_index_and_the_readme_are_up_to_date():
    result = subprocess.run(
        [sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_a_page_becomes_a_row(tool, tmp_path):
    page = tmp_path / "PEF999-some-rule.md"
    page.write_text(PAGE)
    row = tool.entry(page)
    assert row["module"] == "peft_lint.rules.loading.some_rule"
    assert row["summary"] == "Finds a thing."
    assert row["libraries"] == {"peft": ">=0.3"}
    assert "references" not in row


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('+++\ncode = "PEF999"', 'code = "PEF999"', "must start with TOML between two"),
        ('since = "0.1.0"\n', "", "front matter needs `since` (str)"),
        ("preview = false", "preview = 0", "front matter needs `preview` (bool)"),
        ("preview = false", "preview = false\nwrods = []", "unknown keys: wrods"),
        ('name = "some-rule"', 'name = "other"', "file must be named PEF999-other.md"),
        ("# What it does", "# What", "needs a sentence under"),
        ("Finds a thing. Then\nanother one.", "# Why it is bad\n\nIt is.", "needs a sentence"),
        ('code = "PEF999"', 'code = "PEF999', "front matter is not valid TOML"),
        ("Finds a thing.", f"Finds {'a ' * 80}thing.", "has 172 characters, at most 150"),
    ],
)
def test_a_page_that_is_not_complete_is_named(tool, tmp_path, capsys, old, new, message):
    (tmp_path / "PEF999-some-rule.md").write_text(PAGE.replace(old, new, 1))
    assert tool.main([]) == 1
    error = capsys.readouterr().err
    assert error.startswith("PEF999-some-rule.md: ")
    assert message in error


def test_two_pages_for_one_code(tool, tmp_path, capsys):
    (tmp_path / "PEF999-some-rule.md").write_text(PAGE)
    (tmp_path / "PEF999-other.md").write_text(PAGE.replace("some-rule", "other"))
    assert tool.main([]) == 1
    assert "two pages for one code: PEF999" in capsys.readouterr().err


def test_check_tells_when_the_index_is_old(tool, tmp_path, capsys):
    (tmp_path / "PEF999-some-rule.md").write_text(PAGE)
    assert tool.main([]) == 0
    assert tool.main(["--check"]) == 0
    (tmp_path / "PEF999-some-rule.md").write_text(PAGE.replace("Finds", "Sees"))
    assert tool.main(["--check"]) == 1
    assert "make index" in capsys.readouterr().err


def test_the_readme_names_each_rule_and_keeps_the_rest(tool, tmp_path, capsys):
    (tmp_path / "PEF999-some-rule.md").write_text(PAGE)
    assert tool.main([]) == 0
    text = (tmp_path / "README.md").read_text()
    row = "| PEF999 | **[some-rule](rules/PEF999-some-rule.md)** Finds a thing. | error | safe |"
    assert row in text.splitlines()
    assert (text.splitlines()[0], text.splitlines()[-1]) == ("before", "after")
    (tmp_path / "README.md").write_text("no table\n")
    assert tool.main([]) == 1
    assert "README.md: needs the lines" in capsys.readouterr().err
