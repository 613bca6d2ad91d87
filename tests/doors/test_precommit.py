"""The hooks through pre-commit itself, from a git repository that holds this project."""

import json
import sys

import pytest

from tests.doors.programs import FIXED, SCRIPT, copy_of_project, run

PRE_COMMIT = (sys.executable, "-m", "pre_commit")
IDENTITY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "test",
    "GIT_AUTHOR_EMAIL": "test@localhost",
    "GIT_COMMITTER_NAME": "test",
    "GIT_COMMITTER_EMAIL": "test@localhost",
}


def git(folder, *arguments):
    process = run(["git", *arguments], folder, **IDENTITY)
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory):
    """The folder of a hook repository with one commit."""
    folder = copy_of_project(tmp_path_factory.mktemp("hooks") / "repository")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where pre-commit keeps the environment that both hooks share."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def pre_commit(tmp_path, hooks, home):
    git(tmp_path, "init", "--quiet")
    revision = git(hooks, "rev-parse", "HEAD")

    def pre_commit(hook, files, *, arguments=""):
        """Write the files, add them, and run one hook on all of them."""
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / ".pre-commit-config.yaml").write_text(
            f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n"
            f"  - id: {hook}\n    args: [{arguments}]\n"
        )
        git(tmp_path, "add", "--all")
        command = [*PRE_COMMIT, "run", "--all-files", "--color=never"]
        return run(command, tmp_path, PRE_COMMIT_HOME=str(home), **IDENTITY)

    return pre_commit


def test_the_hook_reports_and_changes_nothing(tmp_path, pre_commit):
    run_of_hook = pre_commit("peft-lint", {"a.py": SCRIPT, "b.py": "x = 1\n", "c.txt": SCRIPT})
    assert run_of_hook.returncode == 1, run_of_hook.stdout + run_of_hook.stderr
    assert "error[PEF101]" in run_of_hook.stdout
    assert "--> a.py:6:9" in run_of_hook.stdout
    assert "1 file analysed, 1 outside scope" in run_of_hook.stdout
    assert "files were modified" not in run_of_hook.stdout
    assert (tmp_path / "a.py").read_text() == SCRIPT


def test_arguments_add_to_those_of_the_hook(pre_commit):
    files = {"a.py": SCRIPT, "peft-lint.toml": 'exclude = ["a.py"]\n'}
    assert pre_commit("peft-lint", files, arguments="--ignore, PEF2").returncode == 0
    files = {"a.py": SCRIPT, "peft-lint.toml": ""}
    assert pre_commit("peft-lint", files, arguments="--ignore, PEF2").returncode == 1
    assert pre_commit("peft-lint", files, arguments="--ignore, PEF101").returncode == 0


def test_the_fixing_hook_fails_once_and_then_passes(tmp_path, pre_commit):
    excluded = {"old/b.py": SCRIPT, "pyproject.toml": '[tool.peft-lint]\nexclude = ["old/"]\n'}
    first = pre_commit("peft-lint-fix", {"a.py": SCRIPT, **excluded})
    assert first.returncode == 1, first.stdout + first.stderr
    assert "files were modified by this hook" in first.stdout
    assert (tmp_path / "a.py").read_text() == FIXED
    second = pre_commit("peft-lint-fix", {})
    assert second.returncode == 0, second.stdout + second.stderr
    assert (tmp_path / "a.py").read_text() == FIXED
    assert (tmp_path / "old" / "b.py").read_text() == SCRIPT


def test_notebooks_are_hooked_too(tmp_path, pre_commit):
    source = SCRIPT.splitlines(keepends=True)
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
    process = pre_commit("peft-lint-fix", {"a.ipynb": text})
    assert process.returncode == 1, process.stdout + process.stderr
    fixed = json.loads((tmp_path / "a.ipynb").read_text())["cells"][0]["source"]
    assert fixed == FIXED.splitlines(keepends=True)


def test_pre_commit_accepts_the_manifest(hooks):
    process = run([*PRE_COMMIT, "validate-manifest", ".pre-commit-hooks.yaml"], hooks)
    assert (process.returncode, process.stdout) == (0, "")
