"""The documentation: the site builds, its snippets are what they say, symptoms lead to rules."""

import ast
import json
import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from peft_lint.cli import COMMANDS
from peft_lint.cli.options import parse_check
from peft_lint.discovery import DEFAULT_EXCLUDES
from peft_lint.finding import Applicability, Severity
from peft_lint.rulebook import all_rules
from peft_lint.server.actions import FIX_ALL, NOTEBOOK_FIX_ALL
from peft_lint.symptoms import all_symptoms, matching
from tests.doors.programs import ROOT, SCRIPT, SNIPPET, run, run_here

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SNIPPETS = [
    pytest.param(language, text, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, (language, text) in enumerate(SNIPPET.findall(page.read_text()), 1)
]
# Words of a synopsis that stand for a user's own.
STAND_INS = {"PATH…": "a.py", "…": "a.py", "FILE[:LINE]": "a.py", "FILE": "a.py", "[WORD...]": ""}


@pytest.mark.parametrize(("language", "text"), SNIPPETS)
def test_a_snippet_is_what_it_says(language, text, tmp_path):
    check = CHECKS.get(language)
    assert check is not None, f"no check for snippets in {language!r}"
    check(text, tmp_path)


def console(text, folder):
    """Every command of ours is one that the program takes."""
    for line in text.splitlines():
        if not line.startswith("peft-lint"):
            continue
        words = [STAND_INS.get(word, word) for word in shlex.split(line, comments=True)[1:]]
        if words[0] in COMMANDS and words[0] != "check":
            helped = run_here("peft_lint", words[0], "--help", folder=folder)
            assert helped.returncode == 0
        else:
            assert parse_check(words).paths


def python(text, folder):
    assert ast.parse(text)


def toml(text, folder):
    table = tomllib.loads(text)
    if "tool" in table:
        (folder / "pyproject.toml").write_text(text)
        shown = run_here("peft_lint", "settings", ".", folder=folder)
        assert (shown.returncode, shown.stderr) == (0, "")
    assert table


def yaml_(text, folder):
    table = yaml.safe_load(text)
    if "repos" in table:
        (folder / "config.yaml").write_text(text)
        hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
        ids = {hook["id"] for repo in table["repos"] for hook in repo["hooks"]}
        assert ids <= {hook["id"] for hook in hooks}
        command = [sys.executable, "-m", "pre_commit", "validate-config", "config.yaml"]
        assert run(command, folder).returncode == 0
    assert table


def json_(text, folder):
    """A problem matcher of VS Code takes the lines that the program writes."""
    table = json.loads(text)
    for task in table.get("tasks", ()):
        (folder / "a.py").write_text(SCRIPT)
        command = shlex.split(task["command"])
        shown = run_here("peft_lint", *command[1:], folder=folder)
        pattern = task["problemMatcher"]["pattern"]
        found = re.search(pattern["regexp"], shown.stdout.splitlines()[0])
        groups = [found[pattern[key]] for key in ("file", "line", "column", "code")]
        assert groups == ["a.py", "6", "9", "PEF101"]
    for kinds in [value for key, value in table.items() if key.endswith("codeActionsOnSave")]:
        assert set(kinds) <= {FIX_ALL, NOTEBOOK_FIX_ALL}
    assert table


def lua(text, folder):
    (folder / "a.lua").write_text(text)
    nvim = Path(sys.executable).with_name("nvim")
    code = "local f, e = loadfile('a.lua'); if not f then error(e) end"
    parsed = run([nvim, "--clean", "--headless", "-c", f"lua {code}", "-c", "qa"], folder)
    assert "Error" not in parsed.stderr


def vim(text, folder):
    """It is executed by the test of that editor; here it is whole."""
    assert text.count("endfunction") == text.count("function! ") > 0


def lisp(text, folder):
    """Parentheses are balanced outside strings and comments."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"|;[^\n]*', "", text)
    depth = 0
    for character in bare:
        depth += {"(": 1, ")": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert "(" in bare


CHECKS = {
    "": console,
    "python": python,
    "toml": toml,
    "yaml": yaml_,
    "lua": lua,
    "json": json_,
    "vim": vim,
    "lisp": lisp,
    "diff": lambda text, _: text.startswith(("-", "+", " ", "@")) or pytest.fail("no diff"),
}


def test_the_site_builds_without_a_warning(tmp_path):
    site = run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        ROOT,
        NO_MKDOCS_2_WARNING="1",
        PYTHONPATH=str(ROOT),
    )
    assert site.returncode == 0, site.stderr
    for rule in all_rules():
        page = (tmp_path / "site" / "rules" / rule.code / "index.html").read_text()
        assert rule.name in page
        assert "What it does" in page
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text()
        assert not re.search(r'<(?:script|link|img)[^>]+(?:src|href)="https?:', text), page
        assert "{{" not in text


def test_the_folders_that_are_left_out_are_all_named():
    text = (ROOT / "docs" / "doors" / "settings.md").read_text()
    listed = text.split("by default folders called", 1)[1].split(". Links", 1)[0]
    assert sorted(re.findall(r"`([^`]+)`", listed)) == sorted(DEFAULT_EXCLUDES)


def test_the_page_of_flake8_names_the_rules_that_give_infos_alone():
    text = (ROOT / "docs" / "doors" / "flake8.md").read_text()
    listed = re.search(r"`extend-ignore = ([\w,]+)`", text)[1].split(",")
    assert listed == [
        rule.code
        for rule in all_rules()
        if rule.category != "tool" and rule.severity == (Severity.INFO,)
    ]


def test_the_page_names_every_key_of_a_json_report(tmp_path):
    text = (ROOT / "docs" / "doors" / "command-line.md").read_text()
    section = text.split("\n## JSON\n", 1)[1].split("\n## ", 1)[0]
    named = set(re.findall(r"`(\w+)`", section))
    (tmp_path / "a.py").write_text(SCRIPT)
    shown = run_here("peft_lint", "a.py", "--output-format", "json", folder=tmp_path)
    keys = set(re.findall(r'"(\w+)":', shown.stdout))
    values = {one.value for kind in (Severity, Applicability) for one in kind}
    assert keys <= named <= keys | values


def test_every_rule_lies_behind_a_symptom():
    codes = {rule.code for rule in all_rules() if rule.category != "tool"}
    named = {code for symptom in all_symptoms() for code in symptom.rules}
    assert named == codes, "peft_lint/rules/symptoms.json: a rule without a symptom, or unknown"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("element 0 of tensors does not require grad", "PEF401"),
        ("size mismatch for base_model.model.lm_head", "PEF108"),
        ("the model is not learning", "PEF401"),
        ("trainable params: 0 || all params: 1,000", "PEF401"),
        ("different outputs every run", "PEF202"),
        ("loss nan", "PEF312"),
        ("it never stops", "PEF414"),
        ("checkpoints are huge", "PEF510"),
        ("quantised models", "PEF319"),
        ("target_modules not found", "PEF306"),
    ],
)
def test_the_first_symptom_is_the_one_that_is_meant(text, code):
    assert matching(text)[0].rules[0] == code


def test_symptoms_are_found_by_their_words(tmp_path):
    assert matching("my LOADED model answers like the base model")[0].rules[0] == "PEF101"
    assert matching("zzz the") == ()
    shown = run_here("peft_lint", "symptoms", "another", "answer", folder=tmp_path)
    assert shown.stdout.startswith("The same prompt gives another answer each time: ")
    assert "  PEF202  unseeded-sampling" in shown.stdout
    everything = run_here("peft_lint", "symptoms", folder=tmp_path)
    assert everything.stdout.count("\n\n") == len(all_symptoms()) - 1
