"""Measure what peft-lint costs, as ratios of CPU time; it prints numbers and never judges them.

    python -m tools.bench                 # testdata/ and the standard library
    python -m tools.bench --corpus DIR    # a folder of real code, one folder per package

Every pair is run interleaved, in one process each, and the median over the rounds counts.
TorchFix is taken from `.venv-torchfix`; without it that comparison is left out.
"""

from __future__ import annotations

import argparse
import ast
import statistics
import sys
import sysconfig
import tempfile
import textwrap
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from peft_lint import scope
from peft_lint.document import Document, DocumentError
from peft_lint.engine import analyse
from peft_lint.interpreter.run import run as interpret
from peft_lint.rulebook import RuleInfo, all_rules
from peft_lint.versions import Target
from tools import bench_doors
from tools.measuring import ROOT, call_seconds, interleaved, milliseconds, process_seconds

TORCHFIX = ROOT / ".venv-torchfix" / "bin" / "torchfix"
PEFT_LINT = [sys.executable, "-m", "peft_lint", "check", "--exit-zero"]
PEFT_LINT += ["--output-format", "concise"]
# TorchFix needs half a second per file: more files would not change the ratio.
TORCHFIX_FILES = 60
CLEAN_LINES = 200
EDITED_LINES = 500
# As many as give that many lines, about.
SHAPES = 12
ONE_RULE = "PEF101"
IMPORTS = (b"import peft", b"from peft")
READ_TREE = """
import os, sys
def read(folder):
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            read(entry.path)
        elif entry.name.endswith(".py"):
            with open(entry.path, "rb") as stream:
                stream.read()
read(sys.argv[1])
"""


def importing_peft(folder: Path) -> list[Path]:
    """Return the valid Python files below a folder that import peft."""
    candidates = (
        path
        for path in sorted(folder.rglob("*.py"))
        if path.is_file() and any(word in path.read_bytes() for word in IMPORTS)
    )
    return [path for path in candidates if parses(path)]


def parses(path: Path) -> bool:
    """Tell whether a file is valid Python."""
    try:
        _ = Document.from_bytes(path.read_bytes(), str(path)).tree
    except DocumentError:
        return False
    return True


def against_torchfix(files: list[Path], rounds: int) -> None:
    """Print the CPU time of whole runs over the same files, here and in TorchFix."""
    print("\n1. whole runs over files that import peft, against TorchFix 0.7 (bar: 60x less)")
    if not TORCHFIX.exists():
        print(f"  left out: {TORCHFIX.relative_to(ROOT)} is missing, `make bench` sets it up")
        return
    step = max(1, len(files) // TORCHFIX_FILES)
    sample = files[::step][:TORCHFIX_FILES]
    ours, theirs = interleaved(
        rounds,
        # A run of a second sees more of what else goes on than one of a minute: several of them.
        lambda: statistics.median(process_seconds([*PEFT_LINT, *sample]) for _ in range(15)),
        lambda: process_seconds([TORCHFIX, "-j", "1", *sample]),
    )
    print(f"  {len(sample)} files: peft-lint {ours:.2f} s, TorchFix {theirs:.2f} s")
    print(f"  ratio {theirs / ours:.1f}x")


def against_parsing(files: list[Path], rounds: int) -> None:
    """Print the CPU time of the analysis where nothing is suspected, against ast.parse."""
    print("\n2. files without a finding, against ast.parse of the same text (bar: 4x)")
    documents = [Document.from_bytes(path.read_bytes(), str(path)) for path in files]
    rules, target = all_rules(), Target()
    quiet = [d for d in documents if not analyse(d, rules, target).findings]

    def analyse_all() -> None:
        for document in quiet:
            analyse(Document(document.path, document.text), rules, target)

    def parse_all() -> None:
        for document in quiet:
            ast.parse(document.text)

    ours, floor = interleaved(
        rounds, lambda: call_seconds(analyse_all), lambda: call_seconds(parse_all)
    )
    print(f"  {len(quiet)} files: peft-lint {milliseconds(ours)}, ast.parse {milliseconds(floor)}")
    print(f"  ratio {ours / floor:.2f}x")


def against_reading(tree: Path, rounds: int) -> None:
    """Print the CPU time of a run over a tree without PEFT, against reading its files."""
    print("\n3. a tree without PEFT, against bare reading (bar: 3x)")
    with tempfile.TemporaryDirectory() as folder:
        count = copy_without_peft(tree, Path(folder))
        ours, reading, start = interleaved(
            rounds,
            lambda: process_seconds([*PEFT_LINT, folder]),
            lambda: process_seconds([sys.executable, "-c", READ_TREE, folder]),
            lambda: process_seconds([sys.executable, "-c", "pass"]),
        )
    print(f"  {count} files: peft-lint {milliseconds(ours)}, reading {milliseconds(reading)}")
    print(f"  ratio {ours / reading:.2f}x, without Python's start {milliseconds(start)}:", end=" ")
    print(f"{(ours - start) / (reading - start):.2f}x")


def copy_without_peft(tree: Path, folder: Path) -> int:
    """Copy the Python files of `tree` that do not say peft; return how many.

    In a copy no ignore file of the surroundings decides what is linted.
    """
    count = 0
    for path in sorted(tree.rglob("*.py")):
        inside = path.relative_to(tree)
        if not path.is_file() or "site-packages" in inside.parts:
            continue
        data = path.read_bytes()
        if b"peft" not in data:
            target = folder / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            count += 1
    return count


def one_clean_file(rounds: int) -> None:
    """Print what a whole process costs on one clean file, over the start of Python."""
    print(f"\n4. one clean file of {CLEAN_LINES} lines, whole process (bar: 60 ms over Python)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clean.py")
        path.write_text(clean_text(), encoding="utf-8")
        ours, start = interleaved(
            2 * rounds + 1,
            lambda: process_seconds([*PEFT_LINT, path]),
            lambda: process_seconds([sys.executable, "-c", "pass"]),
        )
    print(f"  peft-lint {milliseconds(ours)}, python -c pass {milliseconds(start)}")
    print(f"  over Python's start: {milliseconds(ours - start)}")


def clean_text() -> str:
    """Return about 200 lines of look-alikes that, put together, give no finding."""
    text = ""
    for path in sorted((ROOT / "testdata" / "shapes").glob("*_not_*.py")):
        longer = text + path.read_text(encoding="utf-8")
        if longer.count("\n") > CLEAN_LINES:
            continue
        if not analyse(Document("clean.py", longer), all_rules(), Target()).findings:
            text = longer
    return text


def where_the_time_goes(files: list[Path]) -> None:
    """Print how the CPU time over the given files divides among the stages."""
    print("\n5. where the time goes, all files that import peft")
    rules, target = all_rules(), Target()
    spent = dict.fromkeys(("read", "gate", "ast.parse", "interpret"), 0.0)

    def timed(stage: str, work: Callable[[], object]) -> object:
        started = time.process_time()
        result = work()
        spent[stage] += time.process_time() - started
        return result

    whole = 0.0
    for path in files:
        data = timed("read", path.read_bytes)
        document = Document.from_bytes(data, str(path))
        body = document.to_bytes()
        timed("gate", lambda body=body: scope.admits(body))
        timed("ast.parse", lambda document=document: document.tree)
        timed("interpret", lambda document=document: interpret(document, target))
        fresh = Document(document.path, document.text)
        whole += call_seconds(lambda fresh=fresh: analyse(fresh, rules, target))
    inside = spent["gate"] + spent["ast.parse"] + spent["interpret"]
    spent["rules, LibCST and the rest"] = max(0.0, whole - inside)
    total = sum(spent.values())
    for stage, seconds in spent.items():
        print(f"  {stage:28} {milliseconds(seconds):>12} {seconds / total:6.1%}")
    print(f"  {'all':28} {milliseconds(total):>12}, {len(files)} files")


def against_one_rule(files: list[Path], rounds: int) -> None:
    """Print the CPU time of the analysis with all rules, against the same with one of them."""
    print(
        "\n6. all rules against one rule, which looks at whatever any of them looks at (bar: 1.3x)"
    )
    documents = [Document.from_bytes(path.read_bytes(), str(path)) for path in files]
    rules, target = all_rules(), Target()
    words = tuple({word for rule in rules if rule.module for word in rule.words})
    one = [rule._replace(words=words, libraries={}) for rule in rules if rule.code == ONE_RULE]
    quiet = [d for d in documents if not analyse(d, rules, target).findings]

    def analyse_all(chosen: list[Document], active: Sequence[RuleInfo]) -> float:
        return call_seconds(
            lambda: [analyse(Document(d.path, d.text), active, target) for d in chosen]
        )

    for name, chosen in ("files without a finding", quiet), ("all files", documents):
        every, single = interleaved(
            rounds,
            lambda chosen=chosen: analyse_all(chosen, rules),
            lambda chosen=chosen: analyse_all(chosen, one),
        )
        print(
            f"  {len(chosen)} {name}: {milliseconds(every)}, one rule {milliseconds(single)}",
            end="",
        )
        print(f", ratio {every / single:.2f}x")


def edited_text(pattern: str) -> str:
    """Return a script of about 500 lines to edit: shapes of all kinds of rules, a function each."""
    paths = sorted((ROOT / "testdata" / "shapes").glob(pattern))
    text = ""
    for number, path in enumerate(paths[:: len(paths) // SHAPES]):
        if text.count("\n") < EDITED_LINES:
            body = textwrap.indent(path.read_text(encoding="utf-8"), "    ")
            text += f"def shape_{number}():\n{body}\n\n"
    return text


def main() -> int:
    """Run every comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, help="folder of real code that uses PEFT")
    parser.add_argument("--plain", type=Path, help="tree without PEFT (default: the stdlib)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    options = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)

    files = importing_peft((options.corpus or ROOT / "testdata").resolve())
    plain = (options.plain or Path(sysconfig.get_paths()["stdlib"])).resolve()
    print(f"{len(files)} files import peft, Python {sys.version.split()[0]}")

    against_torchfix(files, min(options.rounds, 3))
    against_parsing(files, options.rounds)
    against_reading(plain, options.rounds)
    one_clean_file(options.rounds)
    where_the_time_goes(files)
    against_one_rule(files, options.rounds)
    bench_doors.editor([edited_text("*_not_*.py"), edited_text("*.py")])
    bench_doors.flake8(files, plain, options.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
