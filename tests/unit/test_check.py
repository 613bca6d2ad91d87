"""One `check` run over an engine of our making: fixes, diffs, failures and what is written."""

import io
import json
import stat
import sys

import pytest

from peft_lint import cli, engine, settings
from peft_lint.document import DocumentError
from peft_lint.engine import Analysis
from peft_lint.finding import Applicability, Edit, Finding, Fix, Severity, Span

# A rule that exists, so that settings can name it.
CODE, NAME = "PEF002", "unused-suppression"
WORDS = {
    "BAD": ("GOOD", Applicability.SAFE, Severity.ERROR),
    "UGLY": ("NICE", Applicability.UNSAFE, Severity.WARNING),
    "ODD": (None, None, Severity.INFO),
}


def analyse(document, rules, target):
    """Find the words above; CRASH and SYNTAX fail; without `peft` it is out of scope."""
    text = document.text
    if "peft" not in text:
        return Analysis((), in_scope=False)
    if "CRASH" in text:
        raise KeyError("no such thing")
    if "SYNTAX" in text:
        raise DocumentError("not valid Python: oh", 2, 3)
    found = []
    for word, (better, applicability, severity) in WORDS.items():
        start = text.find(word)
        while start >= 0:
            span = Span(start, start + len(word))
            fixes = (Fix(f"Mend {word}", applicability, (Edit(span, better),)),) if better else ()
            found.append(Finding(CODE, NAME, severity, f"{word} here", span, span, (), fixes))
            start = text.find(word, start + 1)
    return Analysis(tuple(sorted(found, key=lambda finding: finding.span)))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engine, "analyse", analyse)
    monkeypatch.setattr("gc.disable", lambda: None)
    settings._search.cache_clear()
    return tmp_path


@pytest.fixture
def run(capsys):
    class Run:
        def __call__(self, *arguments):
            code = cli.main(list(arguments))
            captured = capsys.readouterr()
            self.out, self.err = captured.out, captured.err
            return code

    return Run()


def give_stdin(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


SOURCE = b"import peft\r\nBAD = 1  # \xc3\xa9\r\nUGLY = BAD"


def test_findings_and_their_exit_codes(folder, run):
    (folder / "a.py").write_bytes(SOURCE)
    (folder / "b.py").write_bytes(b"print(1)\n")
    assert run(".", "--output-format", "concise") == 1
    assert run.out == (
        "a.py:2:1: PEF002 BAD here\na.py:3:1: PEF002 UGLY here\na.py:3:8: PEF002 BAD here\n"
    )
    assert run.err == (
        "3 findings (2 errors, 1 warning), 2 fixable with --fix, 1 with --fix --unsafe-fixes:"
        " 1 file analysed, 1 outside scope\n"
    )
    (folder / "a.py").write_bytes(b"import peft; UGLY")
    assert [run(".", "--fail-on", kind) for kind in ("error", "warning", "info")] == [0, 1, 1]
    (folder / "a.py").write_bytes(b"import peft; ODD")
    assert [run(".", "--fail-on", kind) for kind in ("error", "warning", "info")] == [0, 0, 1]
    assert run(".") == 0


def test_fix_writes_safe_fixes_and_reports_what_is_left(folder, run):
    path = folder / "a.py"
    path.write_bytes(SOURCE)
    path.chmod(0o640)
    assert run("--fix", "a.py") == 1
    assert path.read_bytes() == SOURCE.replace(b"BAD", b"GOOD")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert run.out.startswith("fixed[PEF002] a.py:2: Mend BAD\nfixed[PEF002] a.py:3: Mend BAD\n")
    assert "1 finding (1 warning), 2 fixes applied" in run.out
    assert run("--fix", "a.py", "--unsafe-fixes") == 0
    assert path.read_bytes() == SOURCE.replace(b"BAD", b"GOOD").replace(b"UGLY", b"NICE")


def test_a_file_without_a_fix_is_not_written(folder, run):
    path = folder / "a.py"
    path.write_bytes(b"import peft; ODD\r\n\x0c")
    before = path.stat()
    assert run("--fix", "a.py", "--fail-on", "info") == 1
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("extra", [(), ("--fix",), ("--fix", "--unsafe-fixes"), ("--exit-zero",)])
def test_diff_never_writes(folder, run, extra):
    path = folder / "a.py"
    path.write_bytes(SOURCE)
    before = path.stat()
    assert run("--diff", "a.py", *extra) == (0 if "--exit-zero" in extra else 1)
    after = path.stat()
    assert path.read_bytes() == SOURCE
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert sorted(p.name for p in folder.iterdir()) == ["a.py"]
    last = "NICE = GOOD" if "--unsafe-fixes" in extra else "UGLY = GOOD"
    assert run.out == (
        "--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n import peft\r\n-BAD = 1  # é\r\n-UGLY = BAD\n"
        "\\ No newline at end of file\n"
        f"+GOOD = 1  # é\r\n+{last}\n\\ No newline at end of file\n"
    )
    assert run.err.startswith("3 findings (2 errors, 1 warning), ")


def test_diff_names_what_failed(folder, run):
    (folder / "a.py").write_bytes(b"import peft\nSYNTAX")
    assert run("--diff", "a.py") == 1
    assert run.out == ""
    assert run.err.startswith("a.py:2:3: PEF001 not valid Python: oh\n")


def test_fixed_standard_input_keeps_its_bytes(run, monkeypatch, capsys):
    data = b"\xef\xbb\xbf" + SOURCE
    give_stdin(monkeypatch, data)
    assert cli.main(["-", "--fix", "--output-format", "concise"]) == 1
    written = sys.stdout.buffer.getvalue()
    assert written == data.replace(b"BAD", b"GOOD")
    assert capsys.readouterr().err.startswith("-:3:1: PEF002 UGLY here\n")


def test_an_internal_error_in_one_file(folder, run):
    (folder / "a.py").write_bytes(b"import peft\nCRASH")
    (folder / "b.py").write_bytes(b"import peft\nODD")
    assert run(".", "--output-format", "concise", "--ignore", "ALL", "--exit-zero") == 2
    first, second = run.out.splitlines()
    assert first.startswith(
        "a.py:1:1: PEF000 internal error, please report it: KeyError: 'no such thing' (test_check.py:"
    )
    assert second == "b.py:2:1: PEF002 ODD here"
    assert "1 file analysed, 0 outside scope, 1 not analysed" in run.err
    assert run(".", "--output-format", "json") == 2
    assert json.loads(run.out)["files"]["failed"] == ["a.py"]


def test_an_internal_error_while_fixing_changes_nothing(folder, run, monkeypatch):
    calls = []

    def crashing(document, rules, target):
        calls.append(document)
        if len(calls) > 1:
            raise RecursionError("too deep")
        return analyse(document, rules, target)

    monkeypatch.setattr(engine, "analyse", crashing)
    (folder / "a.py").write_bytes(SOURCE)
    assert run("--fix", "a.py") == 2
    assert (folder / "a.py").read_bytes() == SOURCE
    assert "RecursionError: too deep" in run.out


def test_unfixable_and_extend_safe_fixes(folder, run):
    path = folder / "a.py"
    path.write_bytes(SOURCE)
    (folder / "peft-lint.toml").write_text('unfixable = ["PEF002"]\n')
    assert run("--fix", "--unsafe-fixes", "a.py") == 1
    assert path.read_bytes() == SOURCE
    assert "suggestion: Mend BAD" in run.out
    settings._search.cache_clear()
    (folder / "peft-lint.toml").write_text('extend-safe-fixes = ["unused-suppression"]\n')
    assert run("--fix", "a.py") == 0
    assert b"NICE = GOOD" in path.read_bytes()


def test_a_file_that_cannot_be_written(folder, run, monkeypatch):
    def refuse(path, data):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("peft_lint.files.replace", refuse)
    (folder / "a.py").write_bytes(SOURCE)
    assert run("--fix", "a.py") == 2
    assert run.err == "peft-lint: error: a.py: not written: Permission denied\n"


def test_target_options_reach_the_engine(folder, run, monkeypatch):
    seen = []

    def noting(document, rules, target):
        seen.append((target.release("peft"), target.release("trl")))
        return analyse(document, rules, target)

    monkeypatch.setattr(engine, "analyse", noting)
    (folder / "a.py").write_bytes(b"import peft\n")
    (folder / "peft-lint.toml").write_text('target-peft = "0.1.0"\ntarget-trl = "0.2.0"\n')
    assert run("a.py", "--target-peft", "0.19.1") == 0
    assert seen == [("0.19.1", "0.2.0")]


def test_the_selected_rules_reach_the_engine(folder, run, monkeypatch):
    seen = []

    def noting(document, rules, target):
        seen.append([rule.code for rule in rules])
        return Analysis(())

    monkeypatch.setattr(engine, "analyse", noting)
    (folder / "a.py").write_bytes(b"import peft\n")
    assert run("a.py", "--select", "PEF000,PEF001", "--extend-select", NAME) == 0
    assert run("a.py", "--select", "PEF0", "--ignore", "PEF002,PEF001") == 0
    assert seen == [["PEF000", "PEF001", "PEF002"], ["PEF000"]]


def test_unread_suppressions_are_fixed_too(folder, run):
    path = folder / "a.py"
    path.write_bytes(b"import peft\nx = 1  # peft-lint: ignore[PEF002, PEF001] why\nBAD\n")
    assert run("--fix", "a.py") == 0
    assert path.read_bytes().endswith(b"GOOD\n")


def test_interruption_is_one_line(folder, run, monkeypatch):
    def interrupted(document, rules, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "analyse", interrupted)
    (folder / "a.py").write_bytes(b"import peft\n")
    assert run("a.py") == 2
    assert run.err == "peft-lint: error: interrupted\n"


def test_the_diff_of_an_encoded_file_is_in_its_encoding():
    from peft_lint.cli.diff import unified

    before = "# coding: latin-1\nx = 'é'\ny\n".encode("latin-1")
    after = before.replace(b"y", b"z")
    assert "x = 'é'".encode("latin-1") in unified("a.py", before, after, "latin-1")


def test_a_long_run_keeps_no_trees(folder, run, monkeypatch):
    kept = []

    def parse(document, rules, target):
        _ = document.tree, document.outline, document.nodes
        kept.append(document)
        return analyse(document, rules, target)

    monkeypatch.setattr(engine, "analyse", parse)
    monkeypatch.setattr("peft_lint.cli.check._KEPT_TREES", 2)
    for name in "abcde":
        (folder / f"{name}.py").write_bytes(b"import peft; ODD")
    assert run(".", "--output-format", "concise") == 0
    held = [{"tree", "outline", "nodes"} & vars(document).keys() for document in kept]
    assert held == [{"tree", "outline", "nodes"}] * 2 + [set()] * 3
