"""`peft-lint new-rule`: what it makes in a checkout, and that none of it passes as a rule."""

import subprocess
import sys

import pytest

from tests.doors.programs import copy_of_project, run

CODE, NAME = "PEF399", "some-new-rule"
PAGE = f"rules/{CODE}-{NAME}.md"
MODULE = "peft_lint/rules/configuration/some_new_rule.py"
PROOF = "tests/proofs/test_pef399.py"
SUMMARY = "# What it does\n\nFinds a thing.\n"


@pytest.fixture
def checkout(tmp_path):
    return copy_of_project(tmp_path / "project")


def python(checkout, *arguments, folder=None):
    return run([sys.executable, *arguments], folder or checkout, PYTHONPATH=str(checkout))


def new_rule(checkout, *arguments, folder=None):
    return python(checkout, "-m", "peft_lint", "new-rule", *arguments, folder=folder)


def files_of(folder):
    return {path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}


def failing(checkout, *tests):
    """Return the names of the tests that fail, without those that do not concern the new rule."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rf", *tests]
    process = subprocess.run(
        [*command, "--tb=no"], cwd=checkout, capture_output=True, text=True, check=False
    )
    rows = [line for line in process.stdout.splitlines() if line.startswith("FAILED ")]
    return {row.split("::")[1].split(" - ")[0] for row in rows}


def test_page_module_and_proof_are_made_where_they_belong(checkout):
    before = files_of(checkout)
    made = new_rule(checkout, CODE, NAME, folder=checkout / "docs")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.splitlines()[:3] == [PAGE, MODULE, PROOF]
    assert files_of(checkout) - before == {checkout / path for path in (PAGE, MODULE, PROOF)}
    for path in (PAGE, MODULE, PROOF):
        assert CODE in (checkout / path).read_text()
        assert "$" not in (checkout / path).read_text()
    checked = python(checkout, "-m", "ruff", "check", "--no-cache", MODULE, PROOF)
    assert checked.returncode == 0, checked.stdout
    checked = python(checkout, "-m", "ruff", "format", "--no-cache", "--check", MODULE, PROOF)
    assert checked.returncode == 0, checked.stdout


def test_a_skeleton_does_not_pass(checkout):
    assert new_rule(checkout, CODE, NAME).returncode == 0
    index = python(checkout, "tools/make_index.py")
    assert index.returncode == 1
    assert index.stderr == f"{PAGE[6:]}: needs a sentence under `# What it does`\n"
    # Without an index row the module is one that belongs to no page.
    assert "test_every_rule_module_has_a_page" in failing(checkout, "tests/rules/test_pages.py")

    page = checkout / PAGE
    page.write_text(page.read_text().replace("# What it does\n", SUMMARY))
    assert python(checkout, "tools/make_index.py").returncode == 0
    failed = failing(checkout, "tests/rules/test_pages.py", "-k", f"{CODE} or skeleton")
    assert failed == {
        f"test_a_block_yields_exactly_what_it_marks[{CODE}-Example-0]",
        f"test_a_block_yields_exactly_what_it_marks[{CODE}-Fires:-0]",
        f"test_a_page_has_the_fixed_headings_and_both_kinds_of_case[{PAGE[6:]}]",
        "test_no_skeleton_is_left_to_write",
    }
    failed = failing(checkout, "tests/proofs/test_pages.py", "-k", CODE)
    assert failed == {f"test_the_example_misbehaves_and_the_fixed_text_is_right[{CODE}]"}
    # Every file of the three must be written, not only the page.
    page.write_text(page.read_text().replace("TODO", "done"))
    assert failing(checkout, "tests/rules/test_pages.py", "-k", "skeleton")
    (checkout / MODULE).write_text('"""PEF399: done."""\n')
    assert failing(checkout, "tests/rules/test_pages.py", "-k", "skeleton")
    (checkout / PROOF).write_text('"""PEF399: done."""\n')
    assert not failing(checkout, "tests/rules/test_pages.py", "-k", "skeleton")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["PEF1", NAME], "`PEF1` is not a code such as PEF123"),
        (["pef399", NAME], "`pef399` is not a code such as PEF123"),
        ([CODE, "Some_Rule"], "`Some_Rule` is not a name such as model-wrapped-twice"),
        ([CODE, "../rule"], "`../rule` is not a name such as model-wrapped-twice"),
        (
            ["PEF101", NAME],
            "rules/PEF101-trained-checkpoint-reinitialised.md: takes `PEF101` already",
        ),
        (
            [CODE, "model-wrapped-twice"],
            "rules/PEF103-model-wrapped-twice.md: takes `model-wrapped-twice` already",
        ),
        (["PEF099", NAME], "PEF099: no category has codes PEF0nn; there are PEF1 loading, "),
        ([CODE], "the following arguments are required: NAME (see `peft-lint new-rule --help`)"),
    ],
)
def test_what_cannot_be_made_is_one_line_and_changes_nothing(checkout, arguments, message):
    before = files_of(checkout)
    made = new_rule(checkout, *arguments)
    assert made.returncode == 2
    assert made.stderr.startswith(f"peft-lint: error: {message}")
    assert (made.stderr.count("\n"), made.stdout) == (1, "")
    assert files_of(checkout) == before


def test_a_rule_is_made_once(checkout):
    assert new_rule(checkout, CODE, NAME).returncode == 0
    again = new_rule(checkout, CODE, NAME)
    assert again.returncode == 2
    assert again.stderr == f"peft-lint: error: {PAGE}: takes `{CODE}` already\n"


def test_outside_a_checkout_nothing_is_made(checkout, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    made = new_rule(checkout, CODE, NAME, folder=elsewhere)
    assert made.returncode == 2
    assert made.stderr == "peft-lint: error: new-rule works inside a checkout of peft-lint only\n"
    assert list(elsewhere.iterdir()) == []
