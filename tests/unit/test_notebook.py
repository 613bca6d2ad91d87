"""Notebooks as documents: places, edits spliced into the JSON, what else a notebook says."""

import json
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peft_lint.document import DocumentError, Place, replaced
from peft_lint.finding import Edit, Span
from peft_lint.notebook import document as notebook
from peft_lint.notebook import raw

MARKDOWN = ["# Title — naïve “quotes”\n", "<br>"]
SOURCES = [
    ["!pip install peft==0.4\n", "import peft"],
    ["%%time\n", "s = 'naïve 日本 \U0001f600'\n", "\n", "model = f(s)  # tail"],
    [],
    ["%%bash\n", "echo 'x"],
    ["x = 1\n", "y = 2\n"],
    ["one = 1"],
]


def content(sources=SOURCES, metadata=None, lists=True):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": MARKDOWN}]
    for count, lines in enumerate(sources, 1):
        output = {"output_type": "stream", "name": "stderr", "text": [f"warning {count}\n"]}
        cells.append(
            {
                "cell_type": "code",
                "execution_count": count,
                "metadata": {"lr": 1e-05, "source": ["no cell's source\n"]},
                "outputs": [output, {"output_type": "display_data", "data": {"a/b": "iVBO=="}}],
                "source": lines if lists else "".join(lines),
            }
        )
    return {"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}


LAYOUTS = {
    "1 space": lambda value: json.dumps(value, indent=1, ensure_ascii=False) + "\n",
    "2 spaces, ASCII": lambda value: json.dumps(value, indent=2),
    "compact": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    "tabs and CRLF": lambda value: json.dumps(value, indent="\t").replace("\n", "\r\n") + "\r\n",
}
WRITE = LAYOUTS["1 space"]


def read(value, write=WRITE):
    return notebook.read(write(value).encode(), "a.ipynb")


def edit(document, old, new):
    start = document.text.index(old)
    return Edit(Span(start, start + len(old)), new)


def test_places_lead_back_to_offsets():
    document = read(content())
    for offset in range(len(document.text)):
        place = document.place(offset)
        back = document.offset_at(place)
        # Several offsets stand for one place where the text is masked or between cells.
        assert document.place(back) == place
        assert place.cell in document.sources
    lines = {cell: source.splitlines() for cell, source in document.sources.items()}
    start = document.text.index("model = f(s)")
    assert document.offset_at(Place(3, 4, 1)) == start
    assert lines[3][3] == "model = f(s)  # tail"
    assert document.offset_at(Place(1, 1, 1)) is None
    prompted = read(content([[">>> x = 1\n", ">>> y = 2"]]))
    assert prompted.offset_at(Place(2, 2, 5)) == prompted.text.index("y")
    assert prompted.offset_at(Place(2, 1, 1)) == 0


def insertion(document, where, content):
    start = document.text.index(where)
    return Edit(Span(start, start), content)


def sources(data):
    return ["".join(cell["source"]) for cell in json.loads(data)["cells"][1:]]


@pytest.mark.parametrize("write", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("lists", [True, False])
def test_only_the_lines_of_a_fix_differ(write, lists):
    before = write(content(lists=lists))
    document = notebook.read(before.encode(), "a.ipynb")
    after = document.edited([edit(document, "f(s)", 'g("a", s)')]).to_bytes().decode()
    assert after == before.replace("f(s)", 'g(\\"a\\", s)')


@pytest.mark.parametrize("write", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize(
    ("change", "at", "lines"),
    [
        (lambda d: insertion(d, "model", "seed(é)\n"), 1,
         [*SOURCES[1][:3], "seed(é)\n", SOURCES[1][3]]),
        (lambda d: insertion(d, "\n      \ns = ", "import trl\n"), 0,
         [SOURCES[0][0], "import peft\n", "import trl"]),
        (lambda d: edit(d, "  # tail", ""), 1, [*SOURCES[1][:3], "model = f(s)"]),
        (lambda d: edit(d, "\n\nmodel", "\nmodel"), 1, [*SOURCES[1][:2], SOURCES[1][3]]),
        (lambda d: edit(d, "one = 1\n", ""), 5, [""]),
        (lambda d: edit(d, "y = 2\n", ""), 4, ["x = 1\n"]),
        (lambda d: edit(d, "x = 1\ny", "y"), 4, ["y = 2\n"]),
        (lambda d: insertion(d, "\none", "z = 3\n"), 4, ["x = 1\n", "y = 2\n", "z = 3\n"]),
        (lambda d: edit(d, "f(s)", "f(\n    s,\n)"), 1,
         [*SOURCES[1][:3], "model = f(\n", "    s,\n", ")  # tail"]),
    ],
)  # fmt: skip
def test_lines_come_and_go_as_the_layout_has_them(write, change, at, lines):
    document = read(content(), write)
    changed = [lines if i == at else source for i, source in enumerate(SOURCES)]
    if "" in lines:
        changed[at] = [""]
    after = document.edited([change(document)]).to_bytes()
    assert after == write(content(changed)).encode()


def test_escapes_outside_an_edit_stay_as_they_are_written():
    before = '{"cells":[{"cell_type":"code","source":["a = \'\\u00e9\\/é\' + f(1)"]}]}'
    document = notebook.read(before.encode(), "a.ipynb")
    after = document.edited([edit(document, "f(1)", "'ü'")]).to_bytes().decode()
    assert after == before.replace("f(1)", "'ü'")


LINES = st.sampled_from(
    ["x = 1", "é = '日\U0001f600'", "", "if x:", "    !ls", "    y = 2", "%cd a"]
)
CELLS = st.lists(st.lists(LINES, max_size=5), min_size=1, max_size=4)


@settings(max_examples=200, deadline=None)
@given(CELLS, st.sampled_from(list(LAYOUTS)), st.booleans(), st.data())
def test_an_edit_is_made_as_in_plain_text_or_refused(cells, layout, lists, data):
    split = [[line + "\n" for line in lines[:-1]] + lines[-1:] for lines in cells]
    document = read(content(split, lists=lists), LAYOUTS[layout])
    start = data.draw(st.integers(0, len(document.text)))
    end = data.draw(st.integers(start, min(start + 12, len(document.text))))
    made = Edit(
        Span(start, end), data.draw(st.sampled_from(["", "z", "z\n", "\nz", "a\nb\n", "#"]))
    )
    before = document.to_bytes()
    try:
        after = document.edited([made])
    except DocumentError:
        return
    assert after.text == replaced(document.text, [made])
    old, new = json.loads(before), json.loads(after.to_bytes())
    changed = [i for i, (a, b) in enumerate(zip(old["cells"], new["cells"], strict=True)) if a != b]
    assert len(changed) <= 1
    for index in changed:
        old["cells"][index]["source"] = new["cells"][index]["source"]
    assert old == new
    listed = [cell["source"] for cell in new["cells"] if isinstance(cell["source"], list)]
    assert all(re.fullmatch(r"[^\n]*\n?", line) for lines in listed for line in lines)


def test_places_count_all_cells_and_code_points():
    document = read(content())
    start = document.text.index("f(s)")
    assert document.place(start) == Place(3, 4, 9)
    assert document.place(document.text.index("import")) == Place(2, 2, 1)
    assert document.place(document.text.index("\U0001f600") + 1) == Place(3, 2, 16)
    assert document.place(len(document.text)) == Place(7, 1, 8)
    row = document.row(start)
    assert (document.row_at(3, 4), document.row_at(3, 5), document.row_at(1, 1)) == (
        row,
        None,
        None,
    )
    assert document.shown(row) == "model = f(s)  # tail"
    assert document.shown(1) == "!pip install peft==0.4"
    assert document.output(row) == "warning 2\n"
    assert document.commands == ("pip install peft==0.4", "", "echo 'x")


def test_what_masks_a_line_is_no_place_for_an_edit():
    document = read(content())
    for change in (edit(document, "pass", "x"), edit(document, "pass\nimport", "import")):
        assert document.original(change) is None
        with pytest.raises(DocumentError):
            document.edited([change])


def test_a_fix_must_not_displace_a_cell_magic():
    document = read(content([["%%time\n", "f()"]]))
    with pytest.raises(DocumentError, match="the meaning of a cell"):
        document.edited([Edit(Span(0, 0), "import a\n")])


def test_a_broken_cell_is_left_out_and_named():
    document = read(content([["x = 1"], ["if x:\n", "  y = (\n"], ["z"]]))
    assert document.text == "x = 1\n\n     \n       \n\nz\n\n"
    ((span, message),) = document.problems
    assert document.place(span.start) == Place(3, 2, 7)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert message == f"not valid Python {python}: '(' was never closed; this cell is left out"


@pytest.mark.parametrize(
    ("metadata", "python"),
    [
        ({}, True),
        ({"kernelspec": {"name": "python3"}}, True),
        ({"kernelspec": {"language": "python"}, "language_info": {"name": "python"}}, True),
        ({"language_info": {"name": "R"}}, False),
        ({"kernelspec": {"language": "julia", "name": "julia-1.9"}}, False),
        ({"kernelspec": None, "language_info": 3}, True),
    ],
)
def test_other_languages_are_left_alone(metadata, python):
    assert (read(content(metadata=metadata)) is not None) is python


def test_cells_that_an_editor_marks_as_another_language():
    value = content([["x = 1"], ["SELECT 1"]])
    value["cells"][2]["metadata"]["vscode"] = {"languageId": "sql"}
    assert read(value).text == "x = 1\n\n"


NO_NOTEBOOK = "not a notebook of format 4:"
NO_SOURCE = f"{NO_NOTEBOOK} the source of a cell is neither a string nor a list of strings"
ADVICE = "save it again with Jupyter, or exclude it"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON: Expecting value at line 1 column 1"),
        ("[1, 2", "not valid JSON: Expecting ',' delimiter at line 1 column 6"),
        ('{"cells": [}', "not valid JSON: Expecting value at line 1 column 12"),
        ('{"cells": []} x', "not valid JSON: Extra data at line 1 column 15"),
        ('{"cells": [],\n}', "not valid JSON: Expecting a string at line 2 column 1"),
        ('{"cells": [] "a"', "not valid JSON: Expecting ',' delimiter at line 1 column 14"),
        ('{"cells" []}', "not valid JSON: Expecting ':' delimiter at line 1 column 10"),
        ('{"metadata": {"a": tru}}', "not valid JSON: Expecting value at line 1 column 20"),
        ("{}", f"{NO_NOTEBOOK} it has no list of cells; {ADVICE}"),
        ('{"worksheets": []}', f"{NO_NOTEBOOK} it has no list of cells; {ADVICE}"),
        ("[" * 100_000, "not a notebook: its JSON is nested too deep"),
        ("[]", f"{NO_NOTEBOOK} it is no object at line 1 column 1; {ADVICE}"),
        ('{\n "cells": {}}', f"{NO_NOTEBOOK} `cells` is no list at line 2 column 11; {ADVICE}"),
        ('{"cells": [3]}', f"{NO_NOTEBOOK} a cell is no object at line 1 column 12; {ADVICE}"),
        ('{"cells": [{"source": 1}]}', f"{NO_SOURCE} at line 1 column 23; {ADVICE}"),
        ('{"cells": [{"source": [1]}]}', f"{NO_SOURCE} at line 1 column 24; {ADVICE}"),
        ('{"a": ' + "[" * 100_000, "not a notebook: its JSON is nested too deep"),
    ],
)
def test_what_is_no_notebook(text, message):
    with pytest.raises(raw.NotebookError, match=re.escape(message)):
        notebook.read(text.encode(), "a.ipynb")


def test_bytes_that_are_no_text_and_a_byte_order_mark():
    with pytest.raises(
        raw.NotebookError, match="not UTF-8 text: byte 0xff cannot be decoded, in line 1"
    ):
        notebook.read(b"{\xff}", "a.ipynb")
    data = b"\xef\xbb\xbf" + WRITE(content()).encode()
    document = notebook.read(data, "a.ipynb")
    assert document.to_bytes() == data
    assert document.edited([edit(document, "f(s)", "g()")]).to_bytes() == data.replace(
        b"f(s)", b"g()"
    )
