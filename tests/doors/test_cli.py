"""The command line as users run it: real processes, exit codes, files and streams."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doors.programs import CALL, SCRIPT, UNUSED, Cli, environment, read_terminal

ROOT = Path(__file__).resolve().parent.parent.parent
CLEAN = "import peft\n"
BROKEN = "import peft\nx = (\n"


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)


def test_a_clean_run_says_what_was_seen(cli):
    cli.write("a.py", CLEAN)
    cli.write("sub/b.py", CLEAN)
    assert cli(".") == 0
    assert cli.stdout.startswith("no findings: ")
    assert (cli.stdout.endswith(" outside scope\n"), cli.stderr) == (True, "")
    assert cli("check", "a.py", "--output-format", "concise") == 0
    assert cli.stdout == ""
    assert cli.stderr.startswith("no findings: 1 file analysed")


def test_version_and_help(cli):
    assert cli("--version") == 0
    assert cli.stdout == "peft-lint 0.1.0\n"
    assert cli("--help") == 0
    for word in ("--fix", "--target-peft", "trace FILE[:LINE]", "exit codes"):
        assert word in cli.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope.py"], "nope.py: no such file or folder"),
        (["--slect", "PEF", "."], "unknown option `--slect`; did you mean `--select`?"),
        (["--select", "PEF00X", "."], "--select: unknown rule `PEF00X`; did you mean `PEF00"),
        (
            ["--ignore", "PEF,sintax-error", "."],
            "--ignore: unknown rule `sintax-error`; did you mean `syntax-error`?",
        ),
        (
            ["--target-peft", "new", "."],
            "--target-peft: `new` is not a release such as 1.2.0 (see `peft-lint --help`)",
        ),
        (["--output-format", "xml", "."], "--output-format: invalid choice: 'xml' (choose from"),
        (["--config", "gone.toml", "."], "gone.toml: No such file or directory"),
        ([], "the following arguments are required: PATH (see `peft-lint --help`)"),
        (["rule", "PEF00X"], "unknown rule `PEF00X`; did you mean `PEF00"),
        (["rule", "PEF999"], "unknown rule `PEF999`; `peft-lint rules` lists them"),
        (["rule", "saved"], "unknown rule `saved`; `peft-lint rules` lists them\n"),
        (
            ["--select", "PEF9", "."],
            "--select: unknown rule `PEF9`; `peft-lint rules` lists them\n",
        ),
        (["--fix=yes", "a.py"], "--fix: takes no value, but was given 'yes' (see"),
        (["--unsafe-fixes", "a.py"], "--unsafe-fixes needs --fix or --diff"),
        (["--stdin-filename", "b.py", "a.py"], "--stdin-filename needs the path -, which stands"),
        (["-", "--stdin-filename", ""], "--stdin-filename: the name is empty"),
        (
            ["--statistics", "--output-format", "json", "a.py"],
            "--statistics is a report of its own: it goes without --output-format",
        ),
        (["--isolated", "--config", "a.toml", "a.py"], "--isolated goes without --config"),
        (["--select", " , ", "."], "--select: names no rule (see `peft-lint --help`)"),
        (["trace", "gone.py"], "gone.py: No such file or directory"),
        (["trace", "a.py", "b.py"], "surplus argument `b.py` (see `peft-lint trace --help`)"),
        (["a.py", "--fixx", "b.py"], "unknown option `--fixx`; did you mean `--fix`?"),
        (["--versoin"], "unknown option `--versoin`; did you mean `--version`?"),
        (["rule", "--all"], "unknown option `--all` (see `peft-lint rule --help`)"),
        (["ruels"], "ruels: no such file or folder; did you mean `rules`?"),
        (["--config", "", "a.py"], "--config: the name is empty (see `peft-lint --help`)"),
        (["gone\n\x1b[1m.py"], "gone␊␛[1m.py: no such file or folder"),
        (["trace", "gone\n.py"], "gone␊.py: No such file or directory"),
        (["rule", "PEF\n1"], "unknown rule `PEF␊1`"),
        (["trace", ""], "FILE[:LINE]: the name is empty (see `peft-lint trace --help`)"),
    ],
)
def test_usage_errors_are_one_clear_line(cli, arguments, message):
    cli.write("a.py", CLEAN)
    assert cli(*arguments) == 2
    assert cli.stderr.startswith(f"peft-lint: error: {message}")
    assert cli.stderr.count("\n") == 1


def test_paths_may_stand_on_both_sides_of_an_option(cli):
    for name in ("a.py", "b.py", "--c.py"):
        cli.write(name, CLEAN)
    assert cli("a.py", "--isolated", "b.py", "--fix", "--", "--c.py") == 0
    assert cli.stdout == "no findings: 3 files analysed, 0 outside scope\n"


def test_settings_errors_name_file_and_line(cli):
    cli.write("a.py", CLEAN)
    cli.write("pyproject.toml", "[project]\nname = 'x'\n\n[tool.peft-lint]\n\nexlcude = []\n")
    assert cli("a.py") == 2
    assert (
        cli.stderr
        == "peft-lint: error: pyproject.toml:6: unknown option `exlcude`; did you mean `exclude`?\n"
    )
    assert cli("a.py", "--isolated", "--no-cache") == 0
    cli.write("pyproject.toml", "[tool.peft-lint\n")
    assert cli("a.py") == 2
    assert cli.stderr.startswith("peft-lint: error: pyproject.toml:1: not valid TOML: ")


def test_a_config_file_is_used_for_every_path(cli):
    cli.write("a.py", UNUSED)
    cli.write("other.toml", 'ignore = ["PEF002"]\n')
    assert cli("a.py", "--fail-on", "info") == 1
    assert cli("a.py", "--fail-on", "info", "--config", "other.toml") == 0
    cli.write("pyproject.toml", "[project]\n")
    assert cli("a.py", "--config", "pyproject.toml") == 2
    assert cli.stderr == "peft-lint: error: pyproject.toml: has no [tool.peft-lint] table\n"


def test_exit_codes_follow_the_severity(cli):
    cli.write("a.py", UNUSED)
    assert cli("a.py") == 0
    assert "info[PEF002]" in cli.stdout
    assert cli("a.py", "--fail-on", "info") == 1
    assert cli("a.py", "--fail-on", "info", "--exit-zero") == 0
    cli.write("b.py", b"import peft \xff\n")
    assert cli("b.py") == 1
    assert cli("b.py", "--exit-zero") == 0
    assert cli("b.py", "--ignore", "PEF001") == 0
    assert "1 not analysed" in cli.stdout


def test_one_broken_file_does_not_stop_the_others(cli):
    cli.write("a.py", b"import peft \xff\n")
    cli.write("b.py", UNUSED)
    assert cli(".", "gone.py", "--output-format", "json") == 2
    report = json.loads(cli.stdout)
    assert [f["code"] for f in report["findings"]] == ["PEF001", "PEF002"]
    assert report["files"]["failed"] == ["gone.py", "a.py"]
    assert cli.stderr == "peft-lint: error: gone.py: no such file or folder\n"


def test_files_that_are_not_text(cli):
    cli.write("scope.py", b"# -*- coding: klingon -*-\nimport peft\n")
    cli.write("other.py", b"\xff\xfe\x00binary")
    assert cli(".", "--output-format", "concise") == 1
    assert cli.stdout == "scope.py:1:1: PEF001 unknown encoding 'klingon' in the coding comment\n"
    assert "1 outside scope, 1 not analysed" in cli.stderr


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"import peft\nx = 1  # K\xf6ln\n", "2:11", "not utf-8 text: byte 0xf6 cannot be decoded"),
        (b"import peft\nx = '\0'\n", "2:6", "null bytes"),
        (SCRIPT.encode("utf-16"), "1:1", "not Python: text in UTF-16, save it as UTF-8"),
        (b"import peft\n" + b"#" * 5_000_000, "1:1", "larger than 5 MB, not analysed"),
        (b"import peft\n\nx = (1\n", "3:5", "'(' was never closed"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(cli, data, place, words):
    cli.write("a.py", data)
    assert cli("a.py", "--fix", "--output-format", "concise") == 1
    assert cli.stdout.startswith(f"a.py:{place}: PEF001 ")
    assert words in cli.stdout
    assert (cli.folder / "a.py").read_bytes() == data


def test_other_encodings_that_only_mention_peft_stay_outside(cli):
    cli.write("a.py", "# peft is a package\n".encode("utf-16"))
    assert cli("a.py") == 0
    assert "1 outside scope" in cli.stdout


def test_concise_and_json_carry_no_colour(cli):
    cli.write("a.py", UNUSED)
    assert cli("a.py", "--output-format", "concise", FORCE_COLOR="1") == 0
    assert cli.stdout == "a.py:3:8: PEF002 `ignore` names no rule: write `ignore[CODE]`\n"
    assert cli("a.py", "--output-format", "json", FORCE_COLOR="1") == 0
    assert "\x1b" not in cli.stdout
    assert json.loads(cli.stdout)["schema"] == 1


def in_terminal(cli, *arguments, **extra):
    """Run with a terminal for output and return what arrives there."""
    parent, child = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "peft_lint", *arguments], cwd=cli.folder, stdout=child,
        stderr=child, env=environment(TERM="xterm", **extra),
    ):  # fmt: skip
        os.close(child)
        return read_terminal(parent)


def test_colours_on_a_terminal_only(cli):
    cli.write("a.py", UNUSED)
    assert "\x1b[1;36minfo[PEF002]\x1b[0m" in in_terminal(cli, "a.py")
    assert "\x1b" not in in_terminal(cli, "a.py", NO_COLOR="1")
    cli("a.py")
    assert "\x1b" not in cli.stdout
    cli("a.py", FORCE_COLOR="1")
    assert "\x1b[1;36minfo[PEF002]\x1b[0m" in cli.stdout


def test_standard_input(cli):
    assert cli("-", "--output-format", "concise", stdin=UNUSED.encode()) == 0
    assert cli.stdout.startswith("-:3:8: PEF002 ")
    cli("-", "--output-format", "concise", "--stdin-filename", "d/x.py", stdin=UNUSED.encode())
    assert cli.stdout.startswith("d/x.py:3:8: PEF002 ")


def test_settings_of_the_stdin_filename_count(cli):
    cli.write("d/peft-lint.toml", 'ignore = ["PEF002"]\n')
    options = ("-", "--fail-on", "info", "--stdin-filename")
    assert cli(*options, "x.py", stdin=UNUSED.encode()) == 1
    assert cli(*options, "d/x.py", stdin=UNUSED.encode()) == 0


@pytest.mark.parametrize("text", [UNUSED, CLEAN, BROKEN, "print(1)\r\n", ""])
def test_fixing_standard_input_writes_the_text_and_reports_elsewhere(cli, text):
    cli("-", "--fix", stdin=text.encode())
    assert cli.stdout == text
    assert "outside scope" in cli.stderr


def test_undecodable_standard_input_comes_back_unharmed(cli):
    process = subprocess.run(
        [sys.executable, "-m", "peft_lint", "-", "--fix"], input=b"import peft\xff",
        capture_output=True, check=False, env=environment(),
    )  # fmt: skip
    assert (process.returncode, process.stdout) == (1, b"import peft\xff")


def test_ignoring_in_standard_input_writes_the_text(cli):
    assert cli("-", "--add-ignores", "the server loads it", stdin=SCRIPT.encode()) == 0
    comment = "# peft-lint: ignore[PEF101] the server loads it\n"
    assert cli.stdout == SCRIPT.replace(CALL, comment + CALL)
    assert "1 fix applied" in cli.stderr


def test_a_failure_of_standard_input_has_the_name_that_is_given(cli):
    text = b'{"cells": "from peft import PeftModel"'
    assert cli("-", "--stdin-filename", "a.ipynb", stdin=text) == 2
    assert cli.stderr.startswith("peft-lint: error: a.ipynb: not valid JSON: ")


def test_excluded_files(cli):
    cli.write("peft-lint.toml", 'extend-exclude = ["gen"]\n')
    cli.write("gen/a.py", UNUSED)
    info = ("--fail-on", "info")
    assert cli(".", *info) == 0
    assert cli("gen/a.py", *info) == 1
    assert cli("gen/a.py", *info, "--force-exclude") == 0
    assert cli.stderr == ""
    stdin = ("-", "--stdin-filename", "gen/a.py", "--force-exclude", *info)
    assert cli(*stdin, stdin=UNUSED.encode()) == 0
    cli(*stdin, "--fix", stdin=UNUSED.encode())
    assert cli.stdout == UNUSED


def test_a_path_named_like_a_command(cli):
    cli.write("rules/a.py", UNUSED)
    assert cli("check", "rules", "--fail-on", "info") == 1
    assert cli("./rules", "--fail-on", "info") == 1
    assert cli("rules") == 0
    assert "PEF001  syntax-error" in cli.stdout


def test_a_link_to_nowhere_is_told_from_a_slip(cli):
    (cli.folder / "loop.py").symlink_to("loop.py")
    (cli.folder / "gone.py").symlink_to("nowhere.py")
    assert cli("gone.py") == 2
    assert cli.stderr == "peft-lint: error: gone.py: a link that leads nowhere\n"
    assert cli("loop.py") == 2
    assert cli.stderr == "peft-lint: error: loop.py: Too many levels of symbolic links\n"
    # A walk passes them over, as git does.
    assert cli(".") == 0


def test_folders_with_nothing_to_analyse_are_told(cli):
    cli.write("data/a.csv", "1\n")
    assert cli("data") == 0
    assert cli.stderr == (
        "peft-lint: warning: nothing to analyse: no Python files, notebooks or Markdown pages "
        "but what git or the settings leave out\n"
    )
    cli.write("data/b.py", CLEAN)
    assert cli("data") == 0
    assert cli.stderr == ""
    # A file that was named and is excluded is meant to be left out.
    cli.write("peft-lint.toml", 'extend-exclude = ["b.py"]\n')
    assert cli("data/b.py", "--force-exclude") == 0
    assert cli.stderr == ""


def test_a_read_only_file_is_not_replaced(cli):
    path = cli.write("a.py", SCRIPT)
    path.chmod(0o444)
    assert cli("--fix", "a.py") == 2
    assert cli.stderr == "peft-lint: error: a.py: not written: Permission denied\n"
    assert path.read_text() == SCRIPT
    # Nothing was fixed, and the report does not say so.
    assert cli.stdout.endswith(
        "1 finding (1 error), 1 fixable with --fix: 1 file analysed, 0 outside scope, 1 not written\n"
    )
    assert "fixed[" not in cli.stdout
    cli("--fix", "a.py", "--output-format", "json")
    files = json.loads(cli.stdout)["files"]
    assert files == {"analysed": 1, "out_of_scope": 0, "failed": [], "unwritten": ["a.py"]}
    cli("--fix", "a.py", "--output-format", "sarif")
    (invocation,) = json.loads(cli.stdout)["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    (told,) = invocation["toolExecutionNotifications"]
    assert told["message"]["text"] == "not written: a.py"
    assert cli("a.py", "--diff") == 1


def test_a_rule_is_explained_without_its_cases(cli):
    for code in ("PEF101", "PEF201"):
        assert cli("rule", code) == 0
        assert "# Known limits" in cli.stdout
        assert "# Cases" not in cli.stdout
        assert "## Silent" not in cli.stdout
    assert cli("rule", "PEF101") == 0
    assert "\n```python\nfrom peft import" in cli.stdout
    assert "get_peft_model(base, config)  # PEF101\n" in cli.stdout
    assert cli.stdout.endswith(
        "\n- <https://huggingface.co/docs/peft/developer_guides/troubleshooting>\n"
    )


def test_rule_pages(cli):
    assert cli("rule", "PEF002") == 0
    assert cli.stdout.startswith(
        "PEF002 unused-suppression\nseverity: info · fix: safe · since 0.1.0\n\n# What"
    )
    by_code = cli.stdout
    assert cli("rule", "unused-suppression") == 0
    assert cli.stdout == by_code


def test_trace_takes_any_line_of_a_statement(cli):
    call = CALL.replace("(base, config)", "(\n    base,\n    config,\n)")
    cli.write("a.py", SCRIPT.replace(CALL, call))
    for line in (6, 8, 9):
        assert cli("trace", f"a.py:{line}") == 0
        assert cli.stdout.startswith("a.py: one world after line 6\n")
    assert "\nfound something: PEF101; the other " in cli.stdout
    assert "    adapter 'default': active, frozen, its weights are fresh" in cli.stdout
    assert cli("trace", "a.py:3") == 0
    assert cli.stdout == "a.py: no statement that is reached begins on line 3\n"
    cli.write("b.py", CLEAN)
    assert cli("trace", "b.py") == 0
    assert cli.stdout.endswith(" rules are silent\n")


def test_same_input_same_output_under_any_hash_seed(cli):
    for name in ("b", "a", "c/d"):
        cli.write(f"{name}.py", UNUSED.replace("old", "# noqa: PEF002, PEF001"))
    outputs = set()
    for seed in ("0", "1", "2"):
        for style in ("full", "json"):
            cli(".", "--output-format", style, PYTHONHASHSEED=seed)
            outputs.add((style, cli.stdout, cli.stderr))
    assert len(outputs) == 2


def test_no_library_under_analysis_is_imported_and_libcst_only_on_suspicion(cli):
    cli.write("a.py", UNUSED)
    code = (
        "import sys; from peft_lint.cli import main; main(['a.py', '--diff']);"
        "heavy = {'torch', 'peft', 'transformers', 'libcst', 'pathspec', 'importlib.metadata', 'logging'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cli.folder,
        env=environment(),
        capture_output=True,
        check=False,
        text=True,
    )
    assert result.stdout == "[]\n"


def test_statistics_count_by_rule(cli):
    cli.write("a.py", UNUSED)
    cli.write("c.py", UNUSED)
    cli.write("b.py", BROKEN)
    assert cli(".", "--statistics") == 1
    assert cli.stdout.splitlines() == [
        "2  PEF002  info     unused-suppression",
        "1  PEF001  error    syntax-error",
    ]
    assert cli.stderr.startswith("3 findings")
