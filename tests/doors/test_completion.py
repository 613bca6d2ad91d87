"""Completions, in the shells themselves: options, commands, rules and paths."""

import pytest

from peft_lint.cli import COMMANDS
from peft_lint.cli.completion import _MAKERS
from tests.doors.programs import run_here
from tests.doors.shells import typed

NAME = "trained-checkpoint-reinitialised"
EVERYWHERE = [
    ("--print-comp\tbash", ["--print-completion", "bash"]),
    ("check --output-fo\tsar\t", ["check", "--output-format", "sarif"]),
    ("check --select PEF11\t0 x.py", ["check", "--select", "PEF110", "x.py"]),
    ("check --ignore trained\t", ["check", "--ignore", NAME]),
    ("rule trained\t", ["rule", NAME]),
    ("symp\twords", ["symptoms", "words"]),
    ("check --config sett\t", ["check", "--config", "settings-of-mine.toml"]),
    ("check a\t", ["check", "a_script.py"]),
    ("knowledge tran\tx", ["knowledge", "transformers", "x"]),
]
# tcsh has no functions: it completes neither lists nor a path in the place of a command.
WITH_FUNCTIONS = [
    ("--select PEF101,trained\t", ["--select", f"PEF101,{NAME}"]),
    ("check --extend-ignore state-d\t", ["check", "--extend-ignore", "state-dict-"]),
    ("--fix a\t", ["--fix", "a_script.py"]),
    ("a\t", ["a_script.py"]),
    ("a_script.py set\t", ["a_script.py", "settings-of-mine.toml"]),
    ("a_script.py --exit-z\t", ["a_script.py", "--exit-zero"]),
    ("trace a\t", ["trace", "a_script.py"]),
]
SHELLS = [
    "bash",
    pytest.param("zsh", marks=pytest.mark.shell),
    pytest.param("tcsh", marks=pytest.mark.shell),
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a_script.py").write_text("")
    (tmp_path / "settings-of-mine.toml").write_text("")
    return tmp_path


@pytest.mark.parametrize(("keys", "words"), EVERYWHERE)
@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_completes(shell, keys, words, folder):
    assert typed(shell, keys, folder) == words


@pytest.mark.parametrize(("keys", "words"), WITH_FUNCTIONS)
@pytest.mark.parametrize("shell", SHELLS[:2])
def test_a_tab_completes_what_needs_functions(shell, keys, words, folder):
    assert typed(shell, keys, folder) == words


def test_every_command_is_completed():
    assert set(_MAKERS) == set(COMMANDS)


def test_other_shells_are_refused(tmp_path):
    refused = run_here("peft_lint", "--print-completion", "cmd", folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("peft-lint: error: --print-completion: invalid choice: 'cmd'")


def test_without_shtab_it_is_one_line(tmp_path):
    # `-m` puts the working directory first: what lies there is found instead of the library.
    (tmp_path / "shtab.py").write_text("raise ModuleNotFoundError('gone', name='shtab')\n")
    refused = run_here("peft_lint", "--print-completion", "bash", folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr == (
        "peft-lint: error: completions need shtab: install peft-lint[completion]\n"
    )
