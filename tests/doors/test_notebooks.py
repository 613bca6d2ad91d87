"""Notebooks through the real program: findings by cell, fixes, suppressions, versions, trace."""

import json
import sys

import pytest

from tests.doors.programs import FIXED, SCRIPT, run_here

CELLS = [
    "!pip install -q transformers\n%load_ext autoreload",
    "\n".join(SCRIPT.splitlines()[:2]),
    "\n".join(SCRIPT.splitlines()[3:5]),
    "%%time\n" + SCRIPT.splitlines()[5],
    SCRIPT.splitlines()[6],
]
CONCISE = "a.ipynb:cell 5:2:9: PEF101 "


def notebook(*cells, printed="", **metadata):
    """Return a notebook with a title and these code cells, as Jupyter writes it.

    `printed` is the saved output of the last one.
    """
    made = [{"cell_type": "markdown", "metadata": {}, "source": ["# Évaluation"]}]
    for source in cells:
        code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        made.append(code | {"source": source.splitlines(keepends=True)})
    if printed:
        output = {"name": "stderr", "output_type": "stream"}
        made[-1]["outputs"] = [output | {"text": printed.splitlines(keepends=True)}]
    value = {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


@pytest.fixture
def lint(tmp_path):
    def lint(*arguments, text=None, name="a.ipynb", **keywords):
        if text is not None:
            (tmp_path / name).write_text(text)
        return run_here("peft_lint", *arguments, folder=tmp_path, **keywords)

    return lint


def fixed(text):
    """Return a notebook text with the fix made in it by hand."""
    for old, new in zip(SCRIPT.splitlines(), FIXED.splitlines(), strict=True):
        text = text.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    return text


def test_a_finding_across_cells(lint):
    process = lint(".", text=notebook(*CELLS))
    assert process.returncode == 1
    assert process.stdout == (
        "error[PEF101]: get_peft_model gives the adapter of 'adapter' fresh weights; "
        "its trained weights are never loaded\n"
        " --> a.ipynb:cell 5:2:9\n"
        "  |\n"
        "  ::: cell 4\n"
        '1 | config = PeftConfig.from_pretrained("adapter")\n'
        "  |          ------------------------------------- only the adapter's config is read here\n"
        "  ::: cell 5\n"
        "2 | model = get_peft_model(base, config)\n"
        "  |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the adapter is created here, with fresh weights\n"
        "  ::: cell 6\n"
        "1 | model.eval()\n"
        "  | ------------ and it is made ready for inference here\n"
        "  |\n"
        "  = safe fix: Load the trained adapter with PeftModel.from_pretrained\n"
        "  = trained-checkpoint-reinitialised: `peft-lint rule PEF101` explains it\n"
        "\n"
        "1 finding (1 error), 1 fixable with --fix: 1 file analysed, 0 outside scope\n"
    )
    concise = lint("a.ipynb", "--output-format", "concise")
    assert concise.stdout.startswith(CONCISE)
    assert concise.stdout.count("\n") == 1


def test_execution_counts_only_annotate(lint):
    value = json.loads(notebook(*CELLS))
    for cell, count in zip(value["cells"][1:], (1, 2, 9, 4, 5), strict=True):
        cell["execution_count"] = count
    process = lint("a.ipynb", text=json.dumps(value))
    assert "= note: these cells were last run in another order: [9], [4], [5]\n" in process.stdout
    value["cells"][3]["execution_count"] = 3
    assert "another order" not in lint("a.ipynb", text=json.dumps(value)).stdout


def test_json_names_the_cell_of_everything(lint):
    process = lint("a.ipynb", "--output-format", "json", text=notebook(*CELLS))
    (finding,) = json.loads(process.stdout)["findings"]
    places = [finding, *finding["story"], *finding["fixes"][0]["edits"]]
    found = [(p["cell"], p["row"], p["column"], p["end_row"], p["end_column"]) for p in places]
    assert found == [
        (5, 2, 9, 2, 37),
        (4, 1, 10, 1, 47),
        (5, 2, 9, 2, 37),
        (6, 1, 1, 1, 13),
        (3, 1, 30, 1, 30),
        (5, 2, 9, 2, 23),
        (5, 2, 30, 2, 36),
    ]
    assert {place["path"] for place in places} == {"a.ipynb"}


def test_fixing_changes_two_lines_of_the_file(lint, tmp_path):
    text = notebook(*CELLS)
    diff = lint("a.ipynb", "--diff", text=text)
    assert (tmp_path / "a.ipynb").read_text() == text
    changed = [line for line in diff.stdout.splitlines() if line[:1] in "+-"][2:]
    assert len(changed) == 4
    process = lint("a.ipynb", "--fix")
    assert process.returncode == 0
    assert process.stdout.startswith("fixed[PEF101] a.ipynb:cell 5:2: Load the trained adapter")
    assert (tmp_path / "a.ipynb").read_text() == fixed(text) != text
    assert "fixed[" not in lint("a.ipynb", "--fix").stdout


def test_standard_input_is_a_notebook_if_its_name_says_so(lint):
    text = notebook(*CELLS)
    arguments = ("-", "--stdin-filename", "a.ipynb", "--output-format", "concise")
    assert lint(*arguments, stdin=text.encode()).stdout.startswith(CONCISE)
    process = lint(*arguments, "--fix", stdin=text.encode())
    assert process.stdout == fixed(text)


def test_comments_suppress_in_cells(lint):
    line = SCRIPT.splitlines()[5]
    for comment in ("# noqa: PEF101", "# peft-lint: ignore[PEF101] served elsewhere"):
        text = notebook(*CELLS[:3], f"{line}  {comment}", CELLS[4])
        assert lint("a.ipynb", text=text).returncode == 0
    assert lint("a.ipynb", text=notebook(*CELLS, "# peft-lint: skip-file")).returncode == 0
    # In the text of another language a comment means nothing.
    assert lint("a.ipynb", text=notebook(*CELLS, "%%sh\n# peft-lint: skip-file")).returncode == 1
    idle = notebook("import peft", "x = 1\n# peft-lint: ignore[PEF101]")
    process = lint("a.ipynb", "--fix", "--output-format", "concise", text=idle)
    assert process.returncode == 0
    assert "1 fix applied" in process.stderr


def test_a_removed_last_line_leaves_the_cell_whole(lint, tmp_path):
    lint("a.ipynb", "--fix", text=notebook("import peft", "x = 1\n# noqa: PEF101", "y = 2"))
    assert (tmp_path / "a.ipynb").read_text() == notebook("import peft", "x = 1\n", "y = 2")


def test_a_cell_that_does_not_parse_is_named_and_the_rest_is_read(lint):
    process = lint("a.ipynb", "--output-format", "concise", text=notebook("x = (", *CELLS))
    assert process.returncode == 1
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert process.stdout.splitlines() == [
        f"a.ipynb:cell 2:1:5: PEF001 not valid Python {python}: '(' was never closed; this cell is"
        " left out",
        "a.ipynb:cell 6:2:9: PEF101 get_peft_model gives the adapter of 'adapter' fresh weights;"
        " its trained weights are never loaded",
    ]
    alone = lint("a.ipynb", "--ignore", "PEF1", text=notebook("from peft import x y"))
    assert alone.returncode == 1
    assert "cell 2:1:20" in alone.stdout
    assert lint("a.ipynb", "--ignore", "PEF001,PEF1").returncode == 0


@pytest.mark.parametrize("text", ['{"cells": [from peft', '{"worksheets": ["import peft"]}'])
def test_a_broken_notebook_is_one_clear_error_and_stops_nothing(lint, tmp_path, text):
    (tmp_path / "b.py").write_text(SCRIPT)
    process = lint(".", "--output-format", "concise", text=text)
    assert process.returncode == 2
    assert process.stdout.startswith("b.py:6:9: PEF101")
    error, summary = process.stderr.splitlines()
    assert error.startswith("peft-lint: error: a.ipynb: not ")
    assert summary.endswith("1 file analysed, 0 outside scope, 1 not analysed")
    trace = lint("trace", "a.ipynb")
    assert (trace.returncode, trace.stderr.splitlines()) == (2, [error])


def test_another_kernel_is_silent(lint):
    text = notebook(*CELLS, "x = (", language_info={"name": "R"})
    process = lint("a.ipynb", text=text)
    assert (process.returncode, process.stderr) == (0, "")
    assert "0 files analysed, 1 outside scope" in process.stdout


@pytest.mark.parametrize(
    "line",
    [
        "!pip install peft==0.2.0 trl",
        "%pip install -q 'peft==0.2.0' | tail -1",
        "%%bash\npip3 install peft==0.2.0",
        "pip install peft==0.2.0",
        "if True:\n    !{sys.executable} -m pip install peft==0.2.0",
    ],
)
def test_what_the_notebook_installs_decides_the_release(lint, tmp_path, line):
    (tmp_path / "requirements.txt").write_text("peft==0.10.0\n")
    # The rule holds from peft 0.3 on.
    assert lint("a.ipynb", text=notebook(line, *CELLS[1:])).returncode == 0
    assert lint("a.ipynb", "--target-peft", "0.10.0").returncode == 1
    other = line.replace("peft==", "trl==")
    assert lint("a.ipynb", text=notebook(other, *CELLS[1:])).returncode == 1


CLASSIFIER = """\
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification
config = LoraConfig(r=8, target_modules=["q_lin"])
model = AutoModelForSequenceClassification.from_pretrained("my-org/encoder")
model = get_peft_model(model, config)
"""
PRINTED = (
    "Some weights of DistilBertForSequenceClassification were not initialized from the model "
    "checkpoint at my-org/encoder and are newly initialized: ['classifier.bias', "
    "'pre_classifier.weight', 'classifier.weight']\n"
)


def test_what_a_saved_output_says_is_evidence(lint, tmp_path):
    assert lint("a.ipynb", text=notebook(CLASSIFIER)).returncode == 0
    process = lint("a.ipynb", text=notebook(CLASSIFIER, printed=PRINTED))
    assert process.returncode == 1
    assert process.stdout.startswith(
        "error[PEF301]: `pre_classifier` and `classifier` of the sequence classification model are "
        "new, as the saved output says, but neither trained nor saved with the adapter\n"
    )
    assert "its saved output names what is new" in process.stdout
    lint("a.ipynb", "--fix")
    config = 'LoraConfig(r=8, target_modules=["q_lin"], task_type=TaskType.SEQ_CLS)'
    code = CLASSIFIER.replace('LoraConfig(r=8, target_modules=["q_lin"])', config)
    code = code.replace("LoraConfig, get", "LoraConfig, TaskType, get")
    assert (tmp_path / "a.ipynb").read_text() == notebook(code, printed=PRINTED)
    # It speaks of other weights, or of another model.
    for old, new in (("classifier", "embeddings"), ("my-org/encoder", "my-org/other")):
        other = notebook(CLASSIFIER, printed=PRINTED.replace(old, new))
        assert lint("a.ipynb", text=other).returncode == 0


def test_trace_speaks_of_cells(lint):
    process = lint("trace", "a.ipynb:cell 5:2", text=notebook(*CELLS))
    assert process.returncode == 0, process.stderr
    assert process.stdout.startswith("a.ipynb: one world after line 2 of cell 5\n")
    assert "line 2 of cell 5: " in process.stdout
    assert lint("trace", "a.ipynb:cell 5:2:1").stdout == process.stdout
    assert lint("trace", "a.ipynb").stdout.startswith("a.ipynb: one world at the end of the module")
    error = lint("trace", "a.ipynb:3")
    assert error.returncode == 2
    assert error.stderr.startswith(
        "peft-lint: error: a.ipynb: there is no line 3 of Python: write a.ipynb:cell N:LINE"
    )
    assert "cell 1 has no line 1 of Python" in lint("trace", "a.ipynb:cell 1:1").stderr


def test_checkpoints_of_jupyter_are_not_searched(lint, tmp_path):
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "a.ipynb").write_text(notebook(*CELLS))
    assert lint(".").stdout == "no findings: 0 files analysed, 0 outside scope\n"


WRAP = "from peft import LoraConfig\nmodel = get_peft_model(model, LoraConfig())"


@pytest.mark.parametrize("line", ["%run other.py", "run other.py --fast", "\\\n%run -i other.py"])
def test_what_another_file_may_have_done_is_unknown(lint, line):
    cells = [SCRIPT, WRAP]
    assert "PEF103" in lint(".", text=notebook(*cells)).stdout
    assert lint(".", "--ignore", "PEF101", text=notebook(SCRIPT, line, WRAP)).returncode == 0


def test_a_backslash_on_its_own_line_is_no_python_to_report(lint):
    process = lint(".", text=notebook("import peft\n\\\n!ls -la\nx = 1"))
    assert process.stdout == "no findings: 1 file analysed, 0 outside scope\n"
