"""Progress: a line on the terminal during a long run, and nowhere else or later."""

import os
import pty
import re
import subprocess
import sys
import time

import pytest

from tests.doors.programs import ROOT, SCRIPT, read_terminal

LINE = re.compile(r"\rpeft-lint: file \d+ of \d+")
# Longer than the program waits before it shows anything.
LONG = 0.6


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.py").write_text(SCRIPT)
    (tmp_path / "b.py").write_text("import peft\n")
    os.mkfifo(tmp_path / "slow.py")
    return tmp_path


def shown(folder, *arguments, terminal=("stdout", "stderr"), **extra):
    """Run over slow.py, whose bytes take long to arrive; return what the streams show."""
    parent, child = pty.openpty()
    ends = {name: child if name in terminal else subprocess.PIPE for name in ("stdout", "stderr")}
    process = subprocess.Popen(
        [sys.executable, "-m", "peft_lint", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": "1"} | extra,
        **ends,
    )
    os.close(child)
    # Opened when the program opens it for reading.
    with (folder / "slow.py").open("wb"):
        time.sleep(LONG)
    received = read_terminal(parent)
    piped = b"".join(part or b"" for part in process.communicate())
    return process.returncode, received, piped.decode()


def left_on_screen(text):
    """Return what a terminal still shows after carriage returns and erasures."""
    screen = []
    for line in text.replace("\r\n", "\n").split("\n"):
        kept = ""
        for piece in line.split("\r"):
            kept = piece[3:] if piece.startswith("\x1b[K") else piece + kept[len(piece) :]
        screen.append(kept)
    return "\n".join(screen)


def test_a_long_run_shows_a_line_that_goes_away(folder):
    code, terminal, _ = shown(folder, "slow.py", "b.py", "a.py")
    assert code == 1
    assert LINE.search(terminal).group() == "\rpeft-lint: file 2 of 3"
    assert left_on_screen(terminal).startswith("error[PEF101]")
    assert "file 2 of 3" not in left_on_screen(terminal)


def test_a_report_in_a_pipe_holds_none_of_it(folder):
    _, terminal, piped = shown(folder, "slow.py", "b.py", "a.py", terminal=["stderr"])
    assert LINE.search(terminal)
    assert left_on_screen(terminal) == ""
    assert piped.startswith("error[PEF101]")
    assert "\r" not in piped


def test_without_a_terminal_for_errors_there_is_none(folder):
    _, terminal, piped = shown(folder, "slow.py", "b.py", "a.py", terminal=["stdout"])
    assert (piped, "\x1b" in terminal, "of 3" in terminal) == ("", False, False)


def test_a_dumb_terminal_gets_none(folder):
    assert "of 3" not in shown(folder, "slow.py", "b.py", "a.py", TERM="dumb")[1]


def test_what_is_written_meanwhile_stands_on_lines_of_its_own(folder):
    _, terminal, _ = shown(folder, "--diff", "slow.py", "b.py", "a.py", "b.py")
    assert LINE.search(terminal)
    screen = left_on_screen(terminal)
    assert screen.startswith("--- a.py\n+++ a.py\n")
    assert "peft-lint: file" not in screen


def test_a_short_run_shows_nothing(folder):
    (folder / "slow.py").unlink()
    (folder / "slow.py").write_text("")
    parent, child = pty.openpty()
    run = [sys.executable, "-m", "peft_lint", "b.py"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"}
    subprocess.run(run, cwd=folder, stdout=child, stderr=child, env=environment, check=True)
    os.close(child)
    assert b"\rpeft-lint" not in os.read(parent, 65536)
    os.close(parent)
