"""The formats of CI through the real program, read by what others read them with.

`tests/data/sarif-2.1.0.json` is the OASIS schema (rtm 5), as published under the MIT licence
in the npm package @microsoft/jest-sarif.
"""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest

from peft_lint import rulebook
from peft_lint.document import Document
from peft_lint.finding import Applicability, Edit, Finding, Fix, Severity, Span, Step
from peft_lint.reports import FileReport, RunReport, github, rdjson, sarif
from tests.doors.programs import FIXED, ROOT, SCRIPT, run, run_here

SCHEMA = json.loads((ROOT / "tests" / "data" / "sarif-2.1.0.json").read_text())
# An emoji and an accent before the finding on its line.
WIDE = SCRIPT.replace("model = get", "é = '\U0001f600'; model = get")
PAGE = f"# Page\n\n> ```python\n{''.join('> ' + line for line in SCRIPT.splitlines(True))}> ```\n"
MESSAGE = (
    "get_peft_model gives the adapter of 'adapter' fresh weights; "
    "its trained weights are never loaded"
)


def notebook():
    first, second = SCRIPT.split("\n\n")
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": source.splitlines(True)}
        for source in (first, "%%time\né = 1\n" + second)
    ]
    return json.dumps({"cells": cells, "metadata": {}}, indent=1)


FILES = {"a.py": WIDE, "b c.ipynb": notebook(), "d.md": PAGE, "e.py": "import peft\n"}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def report(folder, form, *arguments, code=1):
    process = run_here("peft_lint", ".", "--output-format", form, *arguments, folder=folder)
    assert process.returncode == code, process.stderr
    return process.stdout


def offsets(text, region):
    """Return the range of a region of SARIF in a text."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:row])) for row in range(len(lines) + 1)]
    return (
        starts[region["startLine"] - 1] + region["startColumn"] - 1,
        starts[region["endLine"] - 1] + region["endColumn"] - 1,
    )


def test_sarif_is_what_the_schema_says(folder):
    (folder / "broken.py").write_bytes(b"import peft \xff\n")
    log = json.loads(report(folder, "sarif"))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    (one,) = log["runs"]
    assert [rule["id"] for rule in one["tool"]["driver"]["rules"]] == ["PEF001", "PEF101"]
    assert one["invocations"][0]["executionSuccessful"] is False
    assert log["runs"][0]["columnKind"] == "unicodeCodePoints"
    results = [result for result in one["results"] if result["ruleId"] == "PEF101"]
    assert [result["message"]["text"] for result in results] == [
        MESSAGE, f"cell 2, line 5: {MESSAGE}", MESSAGE,
    ]  # fmt: skip
    assert all(
        re.fullmatch("[0-9a-f]{16}", r["partialFingerprints"]["peftLint/v1"]) for r in results
    )
    base = one["originalUriBaseIds"]["PROJECTROOT"]["uri"]
    assert base == folder.resolve().as_uri() + "/"


@pytest.mark.parametrize("name", ["a.py", "b c.ipynb", "d.md"])
def test_regions_and_fixes_of_sarif_are_those_of_the_file(folder, name):
    (one,) = json.loads(report(folder, "sarif"))["runs"]
    text = FILES[name]
    for result in one["results"]:
        physical = result["locations"][0]["physicalLocation"]
        if unquote(physical["artifactLocation"]["uri"]) == name:
            break
    start, end = offsets(text, physical["region"])
    assert text[start:end] == "get_peft_model(base, config)"
    flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
    steps = [offsets(text, step["location"]["physicalLocation"]["region"]) for step in flow]
    quoted = '"adapter"' if name != "b c.ipynb" else '\\"adapter\\"'
    assert [text[low:high] for low, high in steps] == [
        f"PeftConfig.from_pretrained({quoted})", "get_peft_model(base, config)", "model.eval()",
    ]  # fmt: skip
    (fix,) = result["fixes"]
    changes = fix["artifactChanges"][0]["replacements"]
    for change in sorted(changes, key=lambda one: -offsets(text, one["deletedRegion"])[0]):
        low, high = offsets(text, change["deletedRegion"])
        text = text[:low] + change["insertedContent"]["text"] + text[high:]
    run_here("peft_lint", name, "--fix", folder=folder)
    assert (folder / name).read_text(encoding="utf-8") == text != FILES[name]


def test_rules_of_sarif_lead_to_their_pages(monkeypatch):
    monkeypatch.setattr(rulebook, "DOCS_BASE", "https://docs.example.org/rules")
    log = json.loads(sarif.render(made()))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert rule["helpUri"] == "https://docs.example.org/rules/PEF101/"
    assert rule["help"]["text"].startswith("+++") is False
    assert rule["defaultConfiguration"] == {"level": "error"}


def made(path="a,b:c.py"):
    """Return a run with one finding, whose words hold what formats have to escape."""
    place = Span(0, 1)
    edit = Edit(Span(1, 1), "<&>")
    fixes = (Fix("Do", Applicability.UNSAFE, (edit,)), Fix("Sketch", Applicability.DISPLAY, ()))
    story = (Step(place, "a\r\nstep"),)
    finding = Finding(
        "PEF101", "a-rule", Severity.WARNING, "50% <&>\n\x01", place, place, story, fixes
    )
    return RunReport([FileReport(Document(path, "xy\n"), [finding])], analysed=1)


def test_github_commands_are_escaped_as_the_runner_reads_them():
    (line,) = github.render(made()).splitlines()
    assert line == (
        "::warning title=PEF101 a-rule,file=a%2Cb%3Ac.py,line=1,endLine=1,col=1,endColumn=2::"
        "50%25 <&>%0A\x01%0Aa,b:c.py:1:1: a%0D%0Astep"
    )


def test_github_commands(folder):
    lines = report(folder, "github").splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(
        "::error title=PEF101 trained-checkpoint-reinitialised,file=a.py,line=6,endLine=6,col=18,endColumn=46::get_"
    )
    json_line = notebook().splitlines().index('    "model = get_peft_model(base, config)\\n",') + 1
    assert f"file=b c.ipynb,line={json_line},endLine={json_line},col=14," in lines[1]
    assert "::cell 2, line 5: get_peft_model" in lines[1]
    assert "%0Ab c.ipynb:cell 2:3:10: only the adapter's config is read here%0A" in lines[1]


def test_gitlab_code_quality(folder):
    (folder / "d.md").write_text(PAGE + "\n" + PAGE)
    rows = json.loads(report(folder, "gitlab"))
    # The keys that GitLab's documentation asks for.
    for row in rows:
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= row.keys()
        assert row["severity"] == "critical"
        assert row["location"]["path"] in FILES
        assert row["location"]["positions"]["begin"]["line"] > 0
    assert len({row["fingerprint"] for row in rows}) == len(rows) == 4
    assert report(folder, "gitlab") == json.dumps(rows, indent=2) + "\n"


def test_junit(folder):
    (folder / "i.py").write_text("import peft\nx = 1  # noqa: PEF101\n")
    root = ET.fromstring(report(folder, "junit").encode())
    assert (root.tag, root.attrib["tests"], root.attrib["failures"]) == ("testsuites", "5", "3")
    suites = {suite.attrib["name"]: suite for suite in root}
    assert {name: len(suite.findall("*/failure")) for name, suite in suites.items()} == {
        "a.py": 1, "b c.ipynb": 1, "d.md": 1, "e.py": 0, "i.py": 0,
    }  # fmt: skip
    (case,) = suites["a.py"]
    assert (case.attrib["file"], case.attrib["line"]) == ("a.py", "6")
    assert case[0].attrib == {"type": "error", "message": MESSAGE}
    assert "a.py:4:10: only the adapter's config is read here" in case[0].text
    assert suites["i.py"][0][0].tag == "system-out"
    for suite in suites.values():
        assert int(suite.attrib["tests"]) == len(suite)


def test_rdjson_counts_columns_in_bytes(folder):
    rows = json.loads(report(folder, "rdjson"))
    assert rows["severity"] == "ERROR"
    found = rows["diagnostics"][0]
    start = found["location"]["range"]["start"]
    line = WIDE.splitlines()[5].encode()
    assert line[start["column"] - 1 :].startswith(b"get_peft_model(base")
    assert found["code"] == {"value": "PEF101"}
    # Its fix has several edits: no suggestion could stand alone.
    assert found["suggestions"] == []
    assert [step["location"]["path"] for step in found["relatedLocations"]] == ["a.py"] * 3
    (single,) = json.loads(rdjson.render(made()))["diagnostics"]
    position = {"line": 1, "column": 2}
    assert single["suggestions"] == [{"range": {"start": position, "end": position}, "text": "<&>"}]


@pytest.mark.parametrize("form", ["sarif", "github", "gitlab", "junit", "rdjson"])
def test_a_clean_run_is_a_report_too(tmp_path, form):
    (tmp_path / "a.py").write_text("import peft\n")
    text = report(tmp_path, form, code=0)
    if form == "sarif":
        jsonschema.Draft4Validator(SCHEMA).validate(json.loads(text))
    elif form == "junit":
        assert ET.fromstring(text.encode()).attrib["failures"] == "0"
    elif form == "github":
        assert text == ""
    else:
        assert not json.loads(text) or json.loads(text)["diagnostics"] == []


def test_the_report_goes_to_a_file(folder):
    text = report(folder, "sarif")
    process = run_here(
        "peft_lint", ".", "--output-format", "sarif", "--output-file", "out.sarif", folder=folder
    )
    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr.startswith("3 findings (3 errors)")
    assert (folder / "out.sarif").read_text() == text
    process = run_here("peft_lint", ".", "--output-file", "out.txt", folder=folder, FORCE_COLOR="1")
    assert "\x1b" not in (folder / "out.txt").read_text()
    # Standard output is free for the diff, and for fixed text.
    process = run_here("peft_lint", "a.py", "--diff", "--output-file", "out.txt", folder=folder)
    assert process.stdout.startswith("--- a.py\n")
    assert (folder / "out.txt").read_text().startswith("error[PEF101]")
    process = run_here("peft_lint", ".", "--output-file", "no/out.txt", folder=folder)
    assert process.returncode == 2
    assert (
        process.stderr == "peft-lint: error: no/out.txt: not written: No such file or directory\n"
    )


def test_a_format_is_imported_only_when_asked_for(folder):
    code = (
        "import sys; from peft_lint.cli import main; main(['a.py', '--output-format', 'concise']);"
        "names = {name.rpartition('.')[2] for name in sys.modules if 'peft_lint.reports.' in name};"
        "print(sorted(names & {'sarif', 'github', 'gitlab', 'junit', 'rdjson', 'json_report', 'full'}))"
    )
    process = run([sys.executable, "-c", code], folder, PYTHONPATH=str(ROOT))
    assert process.stdout.splitlines()[-1] == "[]"


ACTION = ROOT / "action.yml"


def test_the_action_is_what_github_accepts():
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-actions",
    ]
    process = run([*command, str(ACTION)], ROOT)
    assert process.returncode == 0, process.stdout + process.stderr


def test_the_step_of_the_action_runs(folder):
    """Run the action's own script as the runner does: inputs as environment, never as text."""
    import yaml

    action = yaml.safe_load(ACTION.read_text())
    step = action["runs"]["steps"][-1]
    assert step["shell"] == "bash"
    assert "${{" not in step["run"]
    inputs = {"paths": "a.py\nb c.ipynb\n", "arguments": "--fail-on error", "format": "github"}
    assert inputs.keys() <= action["inputs"].keys()
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "peft-lint"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m peft_lint "$@"\n')
    program.chmod(0o755)
    environment = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: inputs[match[1]], value)
        for name, value in step["env"].items()
    }
    process = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={**os.environ, **environment, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
             "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 1, process.stderr
    assert process.stdout.count("::error ") == 2
    assert FIXED not in Path(folder, "a.py").read_text()
