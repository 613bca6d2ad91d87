"""`--watch`: the real process, files that change under it, and its end."""

import os
import shutil
import signal
import subprocess
import sys
from queue import Queue
from threading import Thread

import pytest

from tests.doors.programs import ROOT, SCRIPT, run_here

CLEAN = "import peft\n"
# A test that waits longer has failed; none of them depends on how fast anything is.
PATIENCE = 60


class Watching:
    """A `peft-lint --watch` whose output is read line by line."""

    def __init__(self, folder, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "peft_lint", "--watch", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def until(self, start):
        """Return the lines up to one that begins so."""
        seen = []
        while not seen or not seen[-1].startswith(start):
            line = self.lines.get(timeout=PATIENCE)
            assert line is not None, "\n".join(seen)
            seen.append(line)
        return seen

    def end(self):
        self.process.send_signal(signal.SIGINT)
        rest = []
        while (line := self.lines.get(timeout=PATIENCE)) is not None:
            rest.append(line)
        return self.process.wait(PATIENCE), rest


@pytest.fixture
def watching(tmp_path):
    started = []

    def start(*arguments):
        started.append(Watching(tmp_path, *arguments, "--output-format", "concise"))
        started[-1].until("peft-lint: watching")
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
        one.process.stdout.close()


def test_it_checks_again_when_a_file_changes_and_ends_cleanly(tmp_path, watching):
    (tmp_path / "a.py").write_text(CLEAN)
    watch = watching(".")
    (tmp_path / "a.py").write_text(SCRIPT)
    assert watch.until("1 finding")[:2] == [
        "peft-lint: a.py changed",
        "a.py:6:9: PEF101 get_peft_model gives the adapter of 'adapter' fresh weights;"
        " its trained weights are never loaded",
    ]
    (tmp_path / "a.py").write_text(CLEAN)
    watch.until("no findings: 1 file analysed")
    code, rest = watch.end()
    assert (code, rest) == (0, ["peft-lint: ended"])


def test_a_file_that_comes_and_goes(tmp_path, watching):
    watch = watching(".")
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.py").write_text(SCRIPT)
    watch.until("b.py:6:9: PEF101")
    (tmp_path / "b.py").unlink()
    watch.until("no findings: 0 files analysed")


def test_a_named_file_that_an_editor_replaces(tmp_path, watching):
    (tmp_path / "a.py").write_text(CLEAN)
    (tmp_path / "other.py").write_text(CLEAN)
    watch = watching("a.py")
    for text, answer in ((SCRIPT, "a.py:6:9: PEF101"), (CLEAN, "no findings: 1 file")):
        (tmp_path / "other.py").write_text(text)
        (tmp_path / "new.tmp").write_text(text)
        (tmp_path / "new.tmp").replace(tmp_path / "a.py")
        seen = watch.until(answer)
        assert "peft-lint: a.py changed" in seen
        assert not any("other.py" in line or "2 files" in line for line in seen)


def test_settings_are_read_anew_and_broken_ones_do_not_end_it(tmp_path, watching):
    (tmp_path / "a.py").write_text(SCRIPT)
    watch = watching(".")
    (tmp_path / "peft-lint.toml").write_text("ignore = [\n")
    watch.until("peft-lint: error: peft-lint.toml:")
    (tmp_path / "peft-lint.toml").write_text('ignore = ["PEF101"]\n')
    watch.until("no findings: 1 file analysed")
    assert watch.end()[0] == 0


def test_what_is_no_concern_of_the_check_starts_none(tmp_path, watching):
    (tmp_path / "a.py").write_text(CLEAN)
    (tmp_path / ".venv").mkdir()
    watch = watching(".")
    (tmp_path / ".venv" / "b.py").write_text(SCRIPT)
    (tmp_path / "events.log").write_text("step 1\n")
    (tmp_path / "a.py").write_text(SCRIPT)
    assert watch.until("peft-lint: ") == ["peft-lint: a.py changed"]


def test_a_folder_that_is_moved_or_made_anew(tmp_path, watching):
    sub = tmp_path / "src" / "sub"
    sub.mkdir(parents=True)
    (sub / "a.py").write_text(SCRIPT)
    watch = watching("src")
    sub.rename(tmp_path / "elsewhere")
    assert watch.until("no findings: 0 files analysed")[0] == "peft-lint: src/sub changed"
    (tmp_path / "elsewhere").rename(sub)
    watch.until("src/sub/a.py:6:9: PEF101")
    watch.until("1 finding")
    shutil.rmtree(sub)
    sub.mkdir()
    (sub / "b.py").write_text(SCRIPT)
    watch.until("src/sub/b.py:6:9: PEF101")
    watch.until("1 finding")
    (sub / "b.py").write_text(CLEAN)
    watch.until("no findings: 1 file analysed")


def test_a_watched_folder_that_is_made_anew(tmp_path, watching):
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "a.py").write_text(SCRIPT)
    watch = watching("src", "src/a.py")
    shutil.rmtree(folder)
    watch.until("peft-lint: error: src: no such file or folder")
    folder.mkdir()
    (folder / "b.py").write_text(SCRIPT)
    watch.until("src/b.py:6:9: PEF101")
    watch.until("1 finding")
    # What is there now is watched.
    (folder / "b.py").write_text(CLEAN)
    watch.until("peft-lint: src/b.py changed")
    watch.until("no findings: 1 file analysed")
    assert watch.end()[0] == 0


def test_fixes_are_applied_and_settle(tmp_path, watching):
    (tmp_path / "a.py").write_text(CLEAN)
    watch = watching("a.py", "--fix")
    (tmp_path / "a.py").write_text(SCRIPT)
    watch.until("no findings, 1 fix applied")
    # Its own writing is a change, too, after which nothing is left to do.
    watch.until("no findings: 1 file analysed")
    assert "PeftModel.from_pretrained(base" in (tmp_path / "a.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.py"], "gone.py: no such file or folder"),
        (["-"], "--watch needs paths: standard input is read once"),
        (
            [".", "--baseline", "b.json", "--update-baseline"],
            "--watch goes without --update-baseline and --add-ignores",
        ),
    ],
)
def test_what_cannot_be_watched_is_one_line(tmp_path, arguments, message):
    refused = run_here("peft_lint", "--watch", *arguments, folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"peft-lint: error: {message}")
    assert refused.stderr.count("\n") == 1


def test_without_watchfiles_it_is_one_line(tmp_path):
    # `-m` puts the working directory first: what lies there is found instead of the library.
    (tmp_path / "watchfiles.py").write_text(
        "raise ModuleNotFoundError('gone', name='watchfiles')\n"
    )
    refused = run_here("peft_lint", "--watch", ".", folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr == (
        "peft-lint: error: --watch needs watchfiles: install peft-lint[watch]\n"
    )
