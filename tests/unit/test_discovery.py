"""Which files a run looks at, held to what git itself lists."""

import os
import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from peft_lint import settings
from peft_lint.discovery import DEFAULT_EXCLUDES, discover, is_excluded
from peft_lint.settings import Settings


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def found(*paths, force=False, **options):
    problems = []
    made = Settings(root=str(Path.cwd()), **options)
    files = discover(
        list(paths),
        lambda folder: made,
        force_exclude=force,
        missing=lambda path, reason: problems.append((path, reason)),
    )
    return list(files), problems


def files(*paths, **options):
    result, problems = found(*paths, **options)
    assert problems == []
    return result


def test_python_files_of_a_folder_in_order(folder):
    for name in ("b.py", "a.pyi", "a.txt", "sub/c.py", "sub.py", "sub/deep/d.py"):
        write(folder / name)
    assert files(".") == ["a.pyi", "b.py", "sub.py", "sub/c.py", "sub/deep/d.py"]
    assert files("sub") == ["sub/c.py", "sub/deep/d.py"]
    assert files(str(folder / "sub" / "deep")) == [str(folder / "sub" / "deep" / "d.py")]


def test_each_file_once_and_named_files_of_any_suffix(folder):
    write(folder / "a.py")
    write(folder / "script")
    assert files("a.py", ".", "script", "./a.py") == ["a.py", "script"]
    assert files("-", "a.py") == ["-", "a.py"]


def test_what_is_missing_is_told_and_the_rest_goes_on(folder):
    write(folder / "a.py")
    assert found("nope", "a.py") == (["a.py"], [("nope", "no such file or folder")])


@pytest.mark.parametrize("name", sorted(DEFAULT_EXCLUDES - {".git"}))
def test_default_excludes(folder, name):
    write(folder / name / "a.py")
    write(folder / "b.py")
    assert files(".") == ["b.py"]
    assert files(name) == [f"{name}/a.py"]
    assert files(f"{name}/a.py") == [f"{name}/a.py"]
    assert files(f"{name}/a.py", name, force=True) == []


def test_a_virtual_environment_of_any_name(folder):
    write(folder / "my-env" / "pyvenv.cfg")
    write(folder / "my-env" / "lib" / "a.py")
    assert files(".") == []


def test_exclude_replaces_and_extend_exclude_adds(folder):
    for name in ("build/a.py", "gen/b.py", "c_pb2.py", "keep.py", "sub/gen/d.py"):
        write(folder / name)
    assert files(".", exclude=("gen/",)) == ["build/a.py", "c_pb2.py", "keep.py"] or files(
        ".", exclude=("gen/",)
    ) == ["c_pb2.py", "keep.py", "build/a.py"]
    assert files(".", extend_exclude=("/gen/", "*_pb2.py")) == ["keep.py", "sub/gen/d.py"]


def test_patterns_are_relative_to_the_settings(folder):
    write(folder / "a" / "gen.py")
    write(folder / "a" / "b" / "gen.py")
    made = Settings(root=str(folder / "a"), extend_exclude=("/gen.py",))
    result = list(discover(["."], lambda _: made, missing=print))
    assert result == ["a/b/gen.py"]


def test_forced_exclusion_of_named_files(folder):
    write(folder / "gen" / "a.py")
    write(folder / "ok.py")
    write(folder / ".gitignore", "ignored.py\n")
    write(folder / "ignored.py")
    options = {"extend_exclude": ("gen",)}
    named = ("gen/a.py", "ok.py", "ignored.py")
    assert files(*named, **options) == list(named)
    assert files(*named, force=True, **options) == ["ok.py"]


def test_a_project_inside_a_folder_of_an_excluded_name(tmp_path, monkeypatch):
    write(tmp_path / "build" / "project" / "a.py")
    monkeypatch.chdir(tmp_path / "build" / "project")
    assert files("a.py", force=True) == ["a.py"]
    assert files(".") == ["a.py"]


def test_a_nested_repository_has_rules_of_its_own(folder):
    write(folder / ".git" / "HEAD")
    write(folder / ".gitignore", "x.py\n")
    write(folder / "inner" / ".git" / "HEAD")
    write(folder / "inner" / "x.py")
    write(folder / "x.py")
    assert files(".") == ["inner/x.py"]


def test_links_to_folders_are_not_followed(folder):
    write(folder / "a" / "x.py")
    (folder / "a" / "loop").symlink_to(folder)
    (folder / "broken.py").symlink_to(folder / "gone.py")
    assert files(".") == ["a/x.py"]


def test_pathspec_is_imported_only_for_patterns(folder):
    write(folder / "a.py")
    code = (
        "import sys; from peft_lint.discovery import discover; from peft_lint.settings import nearest;"
        "print(list(discover(['.'], nearest, missing=print)), 'pathspec' in sys.modules)"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(p or str(Path.cwd()) for p in sys.path),
    }

    def run():
        return subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        ).stdout

    assert run() == "['a.py'] False\n"
    write(folder / ".gitignore", "b.py\n")
    assert run() == "['a.py'] True\n"


NAMES = ("a", "b", "foo", "bar", "x.py", "y.py", "foo.py", "dir.py", "data")
PATTERNS = (
    "foo", "foo/", "/foo", "/foo/", "*.py", "!x.py", "!foo/", "a/*", "a/**", "**/b", "**/b/",
    "b/x.py", "/a/b", "!/a/b/", "a/**/x.py", "?", "[ab]", "[!a]*.py", "# comment", "", "!*.py",
    "\\#x", "x.py ", "x.py\\ ", "foo*", "*/y.py", "!b", "data/*", "!data/a", "dir.py/", "a/b/**",
    "foo\\", "!b\\",
)  # fmt: skip


def grow(folder, chance, depth=0):
    if chance.random() < (0.7 if depth == 0 else 0.35):
        lines = chance.choices(PATTERNS, k=chance.randint(1, 4))
        write(folder / ".gitignore", "\n".join(lines) + "\n")
    for name in chance.sample(NAMES, chance.randint(2, 6)):
        if depth < 3 and ("." not in name or chance.random() < 0.2):
            grow(folder / name, chance, depth + 1)
        else:
            write(folder / (name if name.endswith(".py") else name + ".py"))


@pytest.mark.parametrize("seed", range(60))
def test_random_trees_are_listed_as_git_lists_them(folder, seed):
    chance = random.Random(seed)
    git = partial(subprocess.run, capture_output=True, check=True, cwd=folder)
    git(["git", "init", "-q"])
    grow(folder, chance)
    if chance.random() < 0.3:
        write(folder / ".git" / "info" / "exclude", chance.choice(PATTERNS) + "\n")
    listed = git(
        ["git", "-c", "core.excludesFile=", "ls-files", "-z", "-o", "--exclude-standard"]
    ).stdout.decode()
    expected = {path for path in listed.split("\0") if path.endswith(".py")}
    assert set(files(".")) == expected
    everything = [str(p.relative_to(folder)) for p in folder.rglob("*.py") if p.is_file()]
    made = Settings(root=str(folder))
    kept = {path for path in everything if not is_excluded(path, lambda _: made)}
    assert kept == expected


def test_settings_of_an_inner_folder_hold_there(folder):
    write(folder / "a" / "peft-lint.toml", 'extend-exclude = ["x.py"]\n')
    write(folder / "a" / "x.py")
    write(folder / "x.py")
    settings._search.cache_clear()
    assert list(discover(["."], settings.nearest, missing=print)) == ["x.py"]
