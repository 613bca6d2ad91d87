"""A project with findings takes peft-lint up: the baseline, and comments that ignore."""

import json

import pytest

from tests.doors.programs import CALL, FIXED, SCRIPT, run_here


@pytest.fixture
def lint(tmp_path):
    return lambda *words: run_here("peft_lint", *words, folder=tmp_path)


@pytest.fixture
def kept(tmp_path, lint):
    (tmp_path / "a.py").write_text(SCRIPT)
    (tmp_path / "b.py").write_text(SCRIPT)
    made = lint(".", "--baseline", "known.json", "--update-baseline", "--output-format", "concise")
    assert (made.returncode, made.stderr.splitlines()[-1]) == (0, "known.json: keeps 2 findings")
    return tmp_path / "known.json"


def codes(process):
    return [line.split(": ")[1].split()[0] for line in process.stdout.splitlines()]


def test_known_findings_are_left_out_and_counted(kept, lint):
    run = lint(".", "--baseline", "known.json")
    assert run.returncode == 0
    assert run.stdout.startswith("no findings, 2 known from the baseline: 2 files analysed")
    assert run.stderr == ""


def test_edits_elsewhere_do_not_break_it_and_new_findings_are_reported(kept, lint, tmp_path):
    before = "import os\n\n\ndef unrelated():\n    return os.name\n\n\n"
    again = SCRIPT.replace("get_peft_model(base, config)", "get_peft_model(\n    base, config\n)")
    (tmp_path / "a.py").write_text(before + SCRIPT)
    run = lint(".", "--baseline", "known.json", "--output-format", "concise")
    assert (run.returncode, run.stdout) == (0, "")
    (tmp_path / "a.py").write_text(before + SCRIPT + again.replace("base", "second"))
    run = lint(".", "--baseline", "known.json", "--output-format", "concise")
    assert (run.returncode, codes(run)) == (1, ["PEF101"])
    assert run.stdout.startswith("a.py:20:")


def test_it_only_shrinks(kept, lint, tmp_path):
    (tmp_path / "a.py").write_text(FIXED)
    (tmp_path / "b.py").unlink()
    (tmp_path / "c.py").write_text(SCRIPT)
    before = kept.read_bytes()
    run = lint(".", "--baseline", "known.json")
    assert run.returncode == 1
    assert "no longer found, --update-baseline drops them: a.py: PEF101, b.py: PEF101" in run.stderr
    assert kept.read_bytes() == before
    run = lint(".", "--baseline", "known.json", "--update-baseline")
    assert (run.returncode, "dropped a.py: PEF101, b.py: PEF101" in run.stderr) == (1, True)
    assert json.loads(kept.read_text()) == {"schema": 1, "files": {}}


def test_rules_that_were_not_asked_stay_in_it(kept, lint):
    before = kept.read_text()
    run = lint(".", "--baseline", "known.json", "--update-baseline", "--select", "PEF2")
    assert (run.returncode, run.stderr) == (0, "")
    assert kept.read_text() == before
    run = lint(".", "--baseline", "known.json", "--update-baseline", "--target-peft", "0.2.0")
    assert kept.read_text() == before


def test_a_file_that_is_outside_scope_by_now_drops_out(kept, lint, tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    run = lint(".", "--baseline", "known.json")
    assert "no longer found, --update-baseline drops them: a.py: PEF101" in run.stderr


def test_files_that_were_not_looked_at_stay_in_it(kept, lint, tmp_path):
    before = kept.read_bytes()
    (tmp_path / "a.py").write_text(FIXED)
    run = lint("b.py", "--baseline", "known.json", "--update-baseline")
    assert (run.returncode, run.stderr, kept.read_bytes()) == (0, "", before)


def test_what_is_known_is_not_fixed(kept, lint, tmp_path):
    (tmp_path / "c.py").write_text(SCRIPT)
    run = lint(".", "--fix", "--unsafe-fixes", "--baseline", "known.json")
    assert run.returncode == 0
    texts = [(tmp_path / name).read_text() for name in ("a.py", "b.py", "c.py")]
    assert texts[:2] == [SCRIPT, SCRIPT]
    assert CALL not in texts[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "known.json: no such file: --update-baseline makes it"),
        ("{", "known.json: not a baseline"),
        ("[]", "known.json: not a baseline"),
        ("[" * 100_000, "known.json: not a baseline"),
        ('{"schema": 2, "files": {}}', "known.json: made by a newer peft-lint"),
        ('{"schema": 1, "files": {"a": 3}}', "known.json: not a baseline"),
    ],
)
def test_a_baseline_that_cannot_be_read(lint, tmp_path, text, words):
    if text is not None:
        (tmp_path / "known.json").write_text(text)
    (tmp_path / "a.py").write_text(SCRIPT)
    run = lint(".", "--baseline", "known.json")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"peft-lint: error: {words}")


@pytest.mark.parametrize(
    "words",
    [
        ("--update-baseline",),
        ("--add-ignores", ""),
        ("--add-ignores", "two\nlines"),
        ("--add-ignores", "reason", "--fix"),
    ],
)
def test_options_that_make_no_sense(lint, tmp_path, words):
    (tmp_path / "a.py").write_text(SCRIPT)
    run = lint("a.py", *words)
    assert (run.returncode, len(run.stderr.splitlines())) == (2, 1)
    assert (tmp_path / "a.py").read_text() == SCRIPT


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_finding_gets_a_comment_with_the_reason(lint, tmp_path, newline):
    text = SCRIPT.replace("\n", newline)
    (tmp_path / "a.py").write_bytes(text.encode())
    shown = lint("a.py", "--add-ignores", "the server loads it", "--diff")
    assert "+# peft-lint: ignore[PEF101] the server loads it" in shown.stdout
    assert (tmp_path / "a.py").read_bytes() == text.encode()
    run = lint("a.py", "--add-ignores", "the server loads it")
    assert run.returncode == 0
    assert "no findings, 1 fix applied" in run.stdout
    comment = "# peft-lint: ignore[PEF101] the server loads it" + newline
    call = CALL.replace("\n", newline)
    assert (tmp_path / "a.py").read_bytes() == text.replace(call, comment + call).encode()
    assert lint("a.py", "--add-ignores", "again").returncode == 0
    assert (tmp_path / "a.py").read_bytes().count(b"peft-lint") == 1
