"""Markdown through the real program: each block by itself, findings and fixes by the page's lines."""

import json
import textwrap

import pytest

from tests.doors.programs import FIXED, ROOT, SCRIPT, run_here

INDENTED = textwrap.indent(SCRIPT, "   ")
PAGE = f"""\
# Evaluate

```bash
pip install peft
```

```python
{SCRIPT}```

1. Or, with a placeholder:

   ```py title="evaluate.py"
   from peft import ...
   ```

2. Or so:

   ```python
{INDENTED}   ```
"""


def fixed(page):
    for old, new in zip(SCRIPT.splitlines(), FIXED.splitlines(), strict=True):
        page = page.replace(old, new) if old else page
    return page


@pytest.fixture
def lint(tmp_path):
    def lint(*arguments, text=None, **keywords):
        if text is not None:
            (tmp_path / "a.md").write_text(text)
        return run_here("peft_lint", *arguments, folder=tmp_path, **keywords)

    return lint


def test_findings_stand_in_the_page(lint):
    process = lint(".", "--output-format", "concise", text=PAGE)
    assert process.returncode == 1
    places = [line.split(" ")[0] for line in process.stdout.splitlines()]
    assert places == ["a.md:13:9:", "a.md:31:12:"]
    assert "1 file analysed" in process.stderr
    full = lint("a.md").stdout
    assert " --> a.md:31:12\n" in full
    assert "31 |    model = get_peft_model(base, config)\n" in full
    rows = json.loads(lint("a.md", "--output-format", "json").stdout)["findings"]
    assert [(row["cell"], row["row"]) for row in rows] == [(None, 13), (None, 31)]


def test_all_blocks_are_fixed_and_nothing_else_changes(lint, tmp_path):
    diff = lint("a.md", "--diff", text=PAGE)
    assert (tmp_path / "a.md").read_text() == PAGE
    assert len([line for line in diff.stdout.splitlines() if line[:1] in "+-"]) == 2 + 8
    process = lint("a.md", "--fix")
    assert process.returncode == 0
    assert process.stdout.startswith("fixed[PEF101] a.md:13: ")
    assert (tmp_path / "a.md").read_text() == fixed(PAGE) != PAGE
    assert lint("a.md", "--diff").stdout == ""


def test_standard_input_may_be_a_page(lint):
    process = lint("-", "--stdin-filename", "b.md", "--fix", stdin=PAGE.encode())
    assert process.stdout == fixed(PAGE)


def test_comments_speak_for_their_block(lint):
    text = PAGE.replace("# Evaluate\n", "# peft-lint: skip-file\n").replace(
        "```python\nfrom", "```python\n# peft-lint: skip-file\nfrom"
    )
    process = lint("a.md", "--output-format", "concise", text=text)
    assert process.stdout.startswith("a.md:32:12: ")
    assert process.stdout.count("\n") == 1


def test_a_baseline_knows_every_block(lint):
    lint("a.md", "--baseline", "known.json", "--update-baseline", text=PAGE)
    process = lint("a.md", "--baseline", "known.json")
    assert (process.returncode, process.stderr) == (0, "")
    assert "2 " in process.stdout


def test_comments_are_added_with_the_prefix_of_the_block(lint, tmp_path):
    lint("a.md", "--add-ignores", "known", text=PAGE)
    page = (tmp_path / "a.md").read_text()
    assert "\n# peft-lint: ignore[PEF101] known\nmodel" in page
    assert "\n   # peft-lint: ignore[PEF101] known\n   model" in page
    assert lint("a.md").returncode == 0


def test_trace_finds_the_block_of_a_line(lint):
    process = lint("trace", "a.md:31", text=PAGE)
    assert process.stdout.startswith("a.md: one world after line 31\n")
    assert "there is no line 3 of Python" in lint("trace", "a.md:3").stderr


def test_a_page_that_is_no_text(lint, tmp_path):
    (tmp_path / "a.md").write_bytes(b"```python\nimport peft  # \xff\n```\n")
    process = lint("a.md")
    assert process.returncode == 2
    assert process.stderr == (
        "peft-lint: error: a.md: not UTF-8 text: byte 0xff cannot be decoded, in line 2\n"
    )


def test_the_pages_of_this_project_are_clean():
    process = run_here(
        "peft_lint", "README.md", "CONTRIBUTING.md", "docs", "--preview", "--fail-on", "info",
        folder=ROOT,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
