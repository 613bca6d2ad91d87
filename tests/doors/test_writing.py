"""Where the command line writes: streams that take nothing, files as they were, or whole."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doors.programs import SCRIPT, UNUSED, Cli, environment


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)


def test_output_that_the_terminal_cannot_encode(cli):
    cli.write("日.py", "import peft\nx = '日'  # peft-lint: ignore\n")
    assert cli(".", PYTHONIOENCODING="ascii") == 0
    assert "\\u65e5.py:2:10" in cli.stdout


def test_a_reader_that_goes_away(cli):
    cli.write("a.py", UNUSED)
    process = subprocess.Popen(
        [sys.executable, "-m", "peft_lint", "a.py"], cwd=cli.folder, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 2


@pytest.mark.parametrize(
    "arguments",
    ["a.py --fail-on info", "a.py --diff", "- --fix", "trace a.py", "rules", "--help", "--version"],
)
def test_an_output_that_takes_nothing_is_one_line_and_no_finding(cli, arguments):
    cli.write("a.py", SCRIPT)
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "peft_lint", *arguments.split()], cwd=cli.folder,
            env=environment(), stdout=full, stderr=subprocess.PIPE, check=False,
            input=SCRIPT.encode(),
        )  # fmt: skip
    assert process.returncode == 2
    assert process.stderr == b"peft-lint: error: No space left on device\n"


def test_a_working_directory_that_is_gone_is_one_line(cli):
    gone = cli.folder / "gone"
    gone.mkdir()
    command = (
        "import os; os.rmdir(os.getcwd()); from peft_lint.cli import main; os._exit(main(['.']))"
    )
    process = subprocess.run(
        [sys.executable, "-c", command],
        cwd=gone,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert process.returncode == 2
    assert process.stderr == b"peft-lint: error: No such file or directory\n"


def test_a_failure_that_cannot_be_told_is_in_the_exit_code(cli):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "peft_lint", "gone.py"]
        process = subprocess.run(
            command, cwd=cli.folder, env=environment(), stdout=subprocess.PIPE, stderr=full,
            check=False,
        )  # fmt: skip
    assert process.returncode == 2
    assert process.stdout.startswith(b"no findings: 0 files analysed")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_output_changes_no_exit_code(cli, closed):
    cli.write("a.py", UNUSED)
    command = f"{sys.executable} -m peft_lint a.py --fail-on info {closed}"
    process = subprocess.run(
        ["sh", "-c", command], cwd=cli.folder, env=environment(), capture_output=True, check=False
    )
    assert process.returncode == 1
    assert process.stderr == b""


def test_a_defect_of_the_program_is_no_finding(cli):
    code = "from peft_lint import cli; cli._run = lambda _: 1 / 0; print(cli.main([]))"
    process = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, check=False
    )
    assert process.stdout == b"2\n"
    assert process.stderr.endswith(b"ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize("options", [["--output-file"], ["--update-baseline", "--baseline"]])
def test_nothing_is_changed_where_the_report_cannot_be_written(cli, options):
    path = cli.write("a.py", SCRIPT)
    assert cli("--fix", "a.py", *options, "no/file") == 2
    assert cli.stderr == "peft-lint: error: no/file: not written: No such file or directory\n"
    assert cli.stdout == ""
    assert path.read_text() == SCRIPT


def test_written_files_keep_mode_and_links(cli):
    from peft_lint.files import replace

    path = cli.write("a.py", "old")
    path.chmod(0o750)
    link = cli.folder / "link.py"
    link.symlink_to("a.py")
    replace(str(link), b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert link.is_symlink()
    assert sorted(p.name for p in cli.folder.iterdir()) == ["a.py", "link.py"]
    with pytest.raises(FileNotFoundError):
        replace(str(cli.folder / "gone.py"), b"new")


def test_what_is_no_file_stays_what_it_is(cli):
    from peft_lint.files import replace

    cli.write("a.py", UNUSED)
    pipe = cli.folder / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "peft_lint", "a.py", "--output-file", "pipe"]
    process = subprocess.Popen(command, cwd=cli.folder, env=environment(), stderr=subprocess.PIPE)
    assert "PEF002" in pipe.read_text()
    process.communicate()
    assert (process.returncode, pipe.is_fifo()) == (0, True)
    with pytest.raises(OSError, match="not supported"):
        replace(str(pipe), b"new")
    assert pipe.is_fifo()


def test_a_path_that_is_no_utf8(cli):
    cli.write(os.fsdecode(b"a\xff.py"), SCRIPT)
    assert cli(".", "--output-format", "sarif") == 1
    (result,) = json.loads(cli.stdout)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%FF.py"
    assert cli(".", "--baseline", "known.json", "--update-baseline") == 0
    assert cli(".", "--baseline", "known.json") == 0
    assert "1 known from the baseline" in cli.stdout


def test_a_report_is_written_whole_or_not_at_all(cli):
    cli.write("a.py", UNUSED)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9));"
        "from peft_lint import cli; print(cli.main(['a.py', '--output-file', 'r.txt']))"
    )
    process = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=cli.folder, env=environment(), capture_output=True,
        check=False,
    )  # fmt: skip
    assert process.stderr == b"peft-lint: error: r.txt: not written: File too large\n"
    assert process.stdout == b"2\n"
    assert [path.name for path in cli.folder.iterdir()] == ["a.py"]


def test_a_diff_can_be_applied(cli):
    texts = {"a b.py": SCRIPT, "d/ü.py": SCRIPT.rstrip(), "w.py": SCRIPT.replace("\n", "\r\n")}
    for name, text in texts.items():
        cli.write(name, text)
    assert cli(".", "--diff") == 1
    assert "--- a b.py\t\n+++ a b.py\t\n" in cli.stdout
    assert "--- w.py\n+++ w.py\n" in cli.stdout
    apply = ["git", "apply", "-p0", "--whitespace=nowarn", "-"]
    subprocess.run(apply, cwd=cli.folder, input=cli.stdout.encode(), check=True)
    applied = {name: (cli.folder / name).read_bytes() for name in texts}
    for name, text in texts.items():
        cli.write(name, text)
    assert cli(".", "--fix") == 0
    assert applied == {name: (cli.folder / name).read_bytes() for name in texts}


def test_a_report_takes_no_place_of_what_it_is_about(cli):
    cli.write("d/a.py", SCRIPT)
    (cli.folder / "link.txt").symlink_to("d/a.py")
    for name in ("d/a.py", "link.txt"):
        assert cli("d", "--fix", "--output-file", name) == 2
        assert cli.stderr == (
            f"peft-lint: error: {name}: not written: it is one of the files to analyse\n"
        )
        assert (cli.folder / "d" / "a.py").read_text() == SCRIPT


def test_a_link_to_nothing_yet_leads_to_what_is_written(cli):
    cli.write("a.py", UNUSED)
    (cli.folder / "link").symlink_to("r.txt")
    (cli.folder / "loop").symlink_to("loop")
    assert cli("a.py", "--output-file", "link") == 0
    assert "PEF002" in (cli.folder / "r.txt").read_text()
    assert (cli.folder / "link").is_symlink()
    assert cli("a.py", "--output-file", "loop") == 2
    assert cli.stderr.endswith("loop: not written: Too many levels of symbolic links\n")


def denied(cli, *arguments):
    """Run without the powers that let a superuser read what is closed to everybody."""
    command = [sys.executable, "-m", "peft_lint", *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    process = subprocess.run(
        command, cwd=cli.folder, env=environment(), capture_output=True, check=False, text=True
    )
    assert process.returncode == 2
    return process.stderr


def test_what_may_not_be_read_or_written_is_one_line_and_stops_nothing(cli):
    cli.write("a.py", SCRIPT)
    cli.write("closed/b.py", SCRIPT)
    (cli.folder / "closed").chmod(0)
    cli.write("secret.py", SCRIPT).chmod(0)
    lines = [f"peft-lint: error: {name}: Permission denied\n" for name in ("closed", "secret.py")]
    assert denied(cli, ".") == "".join(lines)
    assert denied(cli, "closed/b.py") == lines[0].replace("closed:", "closed/b.py:")
    for command in ("trace", "settings"):
        assert denied(cli, command, "secret.py") == lines[1]
    (cli.folder / "closed").chmod(0o700)
    cli.folder.chmod(0o500)
    assert denied(cli, "a.py", "--fix") == (
        "peft-lint: error: a.py: not written: Permission denied\n"
    )
    assert denied(cli, "a.py", "--output-file", "r.txt") == (
        "peft-lint: error: r.txt: not written: Permission denied\n"
    )
    cli.folder.chmod(0o700)
