"""Masking what IPython adds: line for line, every kept character in its place, IPython as oracle."""

import ast
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from peft_lint.document import line_starts
from peft_lint.notebook.magics import blanked, mask
from peft_lint.pieces import PieceMap


def parses(text):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def ipython(cell):
    """Return the Python that IPython makes of a cell, None where it refuses it."""
    try:
        return TransformerManager().transform_cell(cell)
    except SyntaxError:
        return None


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("x = 1\n", "x = 1\n"),
        ("!ls 'it\nx = 1", "pass\nx = 1"),
        ("%matplotlib inline", "pass"),
        ("!pip install a \\\n  b\nx = 1", "pass\n   \nx = 1"),
        ("if x:\n    !ls\n    %cd ..\n", "if x:\n    pass\n    pass\n"),
        ("x = !ls 'it\ny = 1", "x = get_ipython()\ny = 1"),
        ("x, y = %magic a", "x, y = get_ipython()"),
        ("x == y\nz(a=1)\n", "x == y\nz(a=1)\n"),
        ("model?\nmodel.generate??\n?model\nf(x)?", "pass\npass\npass\npass"),
        ("f(\n  x)?\ny", "pass\n     \ny"),
        ("s = 'what?'\n# what?\n", "s = 'what?'\n# what?\n"),
        (",f a b\n;f a b\n/f a\n", "pass\npass\npass\n"),
        ("s = '''\n!ls\n%cd\n'''\n", "s = '''\n!ls\n%cd\n'''\n"),
        ("d = [\n1\n% 2\n, 3]\n", "d = [\n1\n% 2\n, 3]\n"),
        ("await f()\nasync for x in y:\n    pass\n", "await f()\nasync for x in y:\n    pass\n"),
        ("%time trainer.train()\n", "trainer.train()\n"),
        ("x = %timeit -o -n 10 f(1)\n", "x = f(1)\n"),
        ("%time\n%timeit -n 3 no python\n", "pass\npass\n"),
        ("%%time\n%%capture out\n!ls\nx = 1\n", "      \n             \npass\nx = 1\n"),
        ("\n%%bash\ncd 'x\nls\n", "\n      \n     \n  \n"),
        ("%%writefile a.py\nx = 1\n", "                \n     \n"),
        ("%%monitor\ny = f(model)\n", "y = get_ipython(f, model)\n            \n"),
        ("%%monitor\nno python\n", "         \n         \n"),
        ("pip install peft", "pass"),
        ("ls = 1", "ls = 1"),
        ("  x = 1\n  if x:\n    !ls\n", "x = 1\nif x:\n  pass\n"),
        (">>> x = 1\n>>> if x:\n...   y()\n", "x = 1\nif x:\n  y()\n"),
        ("In [1]: x = f(\n   ...: 1)\n", "x = f(\n1)\n"),
        ("x = 1\r\n!ls\r\ny\r\n", "x = 1\r\npass\r\ny\r\n"),
        ("!ls", "pass"),
        ("\\\n!ls\nx = 1", "\\\npass\nx = 1"),
        ("x = 1\n\\\n%cd ..\n", "x = 1\n\\\npass\n"),
        ("%run a.py --b 1\nx", "exec('')\nx"),
        ("run a.py", "exec('')"),
        ("%runtime x", "pass"),
        ("", ""),
    ],
)
def test_what_a_cell_becomes(cell, text):
    assert mask(cell).text == text
    assert parses(text)


@pytest.mark.parametrize(
    ("cell", "commands"),
    [
        ("!pip install peft==0.4 \\\n  trl\n", ["pip install peft==0.4    trl"]),
        ("%pip install -q peft\n!!ls\nx = !cat y\n", ["pip install -q peft", "ls", "cat y"]),
        ("%%bash\npip install a \\\n b\nls\n", ["", "pip install a   b", "ls"]),
        ("pip install peft", ["pip install peft"]),
        ("%cd x\n# !pip install y\n'!pip'\n", []),
    ],
)
def test_shell_commands_are_kept_as_facts(cell, commands):
    assert list(mask(cell).commands) == commands


PARTS = st.sampled_from(
    [
        "x = 1\n", "def f(a):\n    return a\n", "for i in y:\n    %time z = 1\n", "!ls -la\n",
        "%matplotlib inline\n", "x = !ls\n", "a, b = %magic it's\n", "obj?\n", "obj.attr??\n",
        "?obj\n", ",f a b\n", ";g it\n", "/h 1\n", "await foo()\n",
        "async def g():\n    async with a as b:\n        pass\n", "s = '''\n!no\n%no\n'''\n",
        "d = {\n'a': 1\n}\n", "# comment?\n", "x = 'a?'\n", "!echo it's \\\n  b\n", "%time f(1)\n",
        "%timeit -n 10 f(1)\n", "f(x,\n  y)\n", "x = (1\n% 2)\n", "if x:\n    !ls \\\n      y\n",
        "class A:\n    '''Doc?'''\n    x = %env X\n", "@dec\ndef f(): pass\n", "\n", "  \n",
        "x = f'{a!r}'\n", 'y = """\n?\n"""\n', "x: int = !ls\n", "x[0] = %cd\n", "x = y = 1\n",
        "lambda a=1: a\n", "assert x != y, 'no?'\n", "x = a if b else c;\n", "print(1); y = 2\n",
        "%%time\n", "x = 1 \\\n  + 2\n", "é = '日本'\n",
    ]
)  # fmt: skip
WILD = st.text(alphabet="ab1=!%?;,/ '\"()[]\n\\#:.\t", max_size=30)
CELLS = st.one_of(
    st.lists(PARTS, max_size=8).map("".join),
    st.lists(st.one_of(PARTS, WILD), max_size=4).map("".join),
    st.builds(lambda parts, pad: "".join(pad + line for line in parts),
              st.lists(PARTS, max_size=4), st.sampled_from(["", "  ", "\t", ">>> "])),
)  # fmt: skip


@settings(max_examples=600, deadline=None, derandomize=True)
@given(CELLS)
@example("x = 1\n%%time\ny = 2\n")
@example("a = b?\n")
@example('"a?')
@example("*int*?\n")
@example("\\\n!ls\n")
@example("x = 1\n\\\n\\\n  %cd a\n")
def test_what_ipython_takes_python_takes_after_masking(cell):
    masked = mask(cell)
    made = ipython(cell)
    # The body of a cell magic is a string to IPython, be it Python or not.
    if made is not None and "run_cell_magic" not in made and parses(made):
        assert parses(masked.text), made
    assert len(line_starts(masked.text)) == len(line_starts(cell))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(CELLS)
def test_every_kept_character_knows_its_place(cell):
    for masked in (mask(cell), blanked(cell)):
        places = PieceMap(masked.pieces)
        for start, end, source in masked.pieces:
            assert masked.text[start:end] == cell[source : source + end - start]
        found = [places.source(offset) for offset in range(len(masked.text) + 1)]
        assert found == sorted(found)
        assert found[-1] == len(cell)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(CELLS)
def test_python_stays_as_it_is(cell):
    if parses(cell) and ipython(cell) == cell:
        assert mask(cell).text == cell
