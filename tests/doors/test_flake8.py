"""The flake8 plugin through flake8 itself: the same findings at the same places as the CLI."""

import ast
import codecs
import multiprocessing

import pytest

from peft_lint import engine
from peft_lint.flake8_plugin import Plugin
from tests.doors.programs import CALL, ROOT, SCRIPT, cli_findings, run_here

FORMAT = "--format=%(path)s|%(row)d|%(col)d|%(code)s|%(text)s"
SAMPLING = """\
from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained("gpt2")
model = PeftModel.from_pretrained(base, "adapter")
model.generate(ids, do_sample=True)
"""


@pytest.fixture
def write(tmp_path):
    (tmp_path / ".git").mkdir()  # where the search for the project's releases ends

    def write(name, data):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


@pytest.fixture
def flake8(tmp_path):
    def flake8(*arguments, select="PEF", **keywords):
        """Return (path, row, column, code, message) of what flake8 prints, sorted."""
        process = run_here(
            "flake8", FORMAT, "-j1", f"--select={select}", *arguments, folder=tmp_path, **keywords
        )
        assert process.stderr == ""
        rows = [line.split("|", 4) for line in process.stdout.splitlines()]
        assert process.returncode == bool(rows)
        return sorted(
            (path.removeprefix("./"), int(row), int(column), code, text)
            for path, row, column, code, text in rows
        )

    return flake8


def codes(rows):
    return [row[3] for row in rows]


def test_flake8_knows_the_plugin(tmp_path):
    version = run_here("flake8", "--version", folder=tmp_path).stdout
    assert f"peft-lint: {Plugin.version}" in version


def test_it_is_on_without_being_asked_for(tmp_path, write):
    write("a.py", SCRIPT)
    printed = run_here("flake8", "a.py", folder=tmp_path).stdout
    assert printed.startswith("a.py:6:9: PEF101 get_peft_model gives ")


def test_the_demo_gives_what_the_command_line_gives(flake8):
    demo = ROOT / "testdata" / "demo"
    found = flake8(demo)
    assert found == cli_findings(demo, demo)
    assert set(codes(found)) == {"PEF101", "PEF201", "PEF202", "PEF301"}


@pytest.mark.parametrize(
    "data",
    [
        SCRIPT.encode(),
        codecs.BOM_UTF8 + SCRIPT.encode(),
        SCRIPT.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF8 + SCRIPT.replace("\n", "\r\n").encode(),
        SCRIPT.replace("\n", "\r").encode(),
        SCRIPT.replace(CALL, f's = "é😀中"; {CALL}').encode(),
        SCRIPT.replace(CALL, f"\f\n{CALL}").encode(),
        ("# coding: latin-1\n" + SCRIPT.replace(CALL, f's = "éüß"; {CALL}')).encode("latin-1"),
        SCRIPT.replace(CALL, f"if base:\n\t{CALL}").encode(),
        SCRIPT.rstrip("\n").encode(),
    ],
    ids=["plain", "bom", "crlf", "bom-crlf", "cr", "wide", "form-feed", "latin-1", "tab", "no-eol"],
)
def test_places_are_those_of_the_command_line(tmp_path, write, flake8, data):
    write("a.py", data)
    found = flake8("a.py")
    assert codes(found) == ["PEF101"]
    assert found == cli_findings(tmp_path, "a.py")


def test_every_severity_is_handed_on(tmp_path, write, flake8):
    write("a.py", SAMPLING)
    assert codes(flake8("a.py")) == ["PEF202"]
    assert flake8("a.py") == cli_findings(tmp_path, "a.py")


def test_noqa_is_left_to_flake8(write, flake8):
    write("a.py", SCRIPT.replace(CALL, CALL.rstrip() + "  # noqa: PEF101\n"))
    assert flake8("a.py") == []
    assert codes(flake8("--disable-noqa", "a.py")) == ["PEF101"]


def test_an_unused_noqa_is_not_reported(write, flake8):
    write("a.py", "import peft  # noqa: PEF101\nx = 1  # peft-lint: ignore[PEF101] old\n")
    assert flake8("a.py") == []


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT.replace(CALL, CALL.rstrip() + "  # peft-lint: ignore[PEF101] on purpose\n"),
        SCRIPT.replace(CALL, f"# peft-lint: ignore[trained-checkpoint-reinitialised]\n{CALL}"),
        SCRIPT + "# peft-lint: skip-file\n",
    ],
    ids=["line", "above", "file"],
)
def test_our_own_comments_hold(write, flake8, text):
    write("a.py", text)
    assert flake8("a.py") == []
    assert flake8("--disable-noqa", "a.py") == []


def test_per_file_ignores(write, flake8):
    write("a.py", SCRIPT)
    write("old/b.py", SCRIPT)
    write(".flake8", "[flake8]\nper-file-ignores =\n    old/*: PEF101\n")
    assert [row[0] for row in flake8(".")] == ["a.py"]


def test_the_settings_of_the_project_hold(write, flake8):
    write("a.py", SCRIPT)
    write("old/b.py", SCRIPT)
    write("old/peft-lint.toml", 'target-peft = "0.2.0"\n')
    assert [row[0] for row in flake8(".")] == ["a.py"]
    write("pyproject.toml", '[tool.peft-lint]\nignore = ["PEF1"]\n')
    assert flake8(".") == []
    write("pyproject.toml", '[tool.peft-lint]\nselect = ["PEF101"]\n')
    assert codes(flake8("a.py")) == ["PEF101"]


def test_the_releases_of_the_project_hold(write, flake8):
    write("a.py", SCRIPT)
    write("requirements.txt", "peft==0.2.0\n")
    assert flake8("a.py") == []


def test_settings_that_cannot_be_used_are_one_line_per_file_in_scope(write, flake8):
    write("a.py", SCRIPT)
    write("b.py", "x = 1\n")
    write("peft-lint.toml", "\nexlcude = []\n")
    reason = "peft-lint.toml:2: unknown option `exlcude`; did you mean `exclude`?"
    assert flake8(".") == [("a.py", 1, 1, "PEF000", f"not analysed: {reason}")]


def test_standard_input_has_the_name_it_is_given(write, flake8):
    write("src/peft-lint.toml", 'ignore = ["PEF101"]\n')
    shown = flake8("--stdin-display-name", "lib/a.py", "-", stdin=SCRIPT.encode())
    assert [row[:4] for row in shown] == [("lib/a.py", 6, 9, "PEF101")]
    assert flake8("--stdin-display-name", "src/a.py", "-", stdin=SCRIPT.encode()) == []
    assert codes(flake8("-", stdin=SCRIPT.encode())) == ["PEF101"]


def test_several_processes_find_the_same(write, flake8):
    for number in range(6):
        write(f"m{number}.py", SCRIPT)
    found = flake8("-j2", ".")
    assert [row[0] for row in found] == [f"m{number}.py" for number in range(6)]
    assert found == flake8(".")


@pytest.mark.parametrize(("names", "loads"), [(["."], 1), (["m0.py"], 1), (["plain"], 0)])
def test_workers_find_the_engine_loaded(tmp_path, write, names, loads):
    for number in range(6):
        write(f"m{number}.py", SCRIPT)
        write(f"plain/m{number}.py", "import torch\n")
    command = ["flake8", "-j2", "--select=PEF", *names]
    process = run_here(*command, folder=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    imported = [line.rsplit("|", 1)[-1].strip() for line in process.stderr.splitlines()]
    # Where workers are not forked, each of them loads for itself.
    forks = multiprocessing.get_start_method() == "fork"
    assert imported.count("peft_lint.engine") == loads or (not forks and loads)


def test_a_syntax_error_is_flake8s_to_report(write, flake8):
    write("a.py", "import peft\nx = (\n")
    write("b.py", SCRIPT)
    assert codes(flake8(".", select="E9,PEF")) == ["E999", "PEF101"]


def test_bytes_that_are_not_utf_8_do_not_end_the_run(write, flake8):
    write("a.py", SCRIPT.encode() + b'x = "\xe9"\n')
    write("b.py", SCRIPT)
    assert [row[:4] for row in flake8(".")][-1] == ("b.py", 6, 9, "PEF101")


def test_libcst_is_imported_only_for_a_suspicion(tmp_path, write):
    write("plain.py", "import torch\nx = 1\n")
    write("clean.py", "import peft\nfrom peft import PeftModel\n")
    write("found.py", SCRIPT)

    def imported(*names):
        process = run_here("flake8", "-j1", *names, folder=tmp_path, PYTHONPROFILEIMPORTTIME="1")
        return {line.rsplit("|", 1)[-1].strip() for line in process.stderr.splitlines()}

    plain = imported("plain.py")
    assert "peft_lint.scope" in plain
    assert "peft_lint.engine" not in plain
    assert "libcst" not in imported("plain.py", "clean.py")
    found = imported("plain.py", "found.py")
    assert "libcst" in found
    assert not {"peft", "torch", "transformers"} & found


def test_what_other_plugins_hang_on_the_tree_does_no_harm():
    text = SCRIPT.replace(CALL, f"if base:\n    {CALL}")
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node
    try:
        found = list(Plugin(tree, text.splitlines(keepends=True), "a.py").run())
    finally:
        # Contexts such as ast.Load() are one object in all trees of a process.
        for node in ast.walk(tree):
            vars(node).pop("parent", None)
    assert [(row, column, words[:6]) for row, column, words, _ in found] == [(7, 12, "PEF101")]


def test_an_internal_error_is_one_finding(monkeypatch):
    def broken(document, rules, target):
        raise ValueError("two\nlines")

    monkeypatch.setattr(engine, "analyse", broken)
    found = list(Plugin(ast.parse(SCRIPT), SCRIPT.splitlines(keepends=True), "a.py").run())
    assert [(row[0], row[1], row[3]) for row in found] == [(1, 0, Plugin)]
    assert found[0][2].startswith(
        "PEF000 internal error, please report it: ValueError: two lines (test_flake8.py:"
    )
