"""Markdown pages as documents: which blocks are Python, places, and edits in the page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peft_lint import markdown
from peft_lint.document import DocumentError, Place, replaced
from peft_lint.finding import Edit, Span


def blocks(text):
    found, block = [], markdown.read(text.encode(), "a.md")
    while block is not None:
        found.append(block)
        block = block.following
    return found


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("```python\nx = 1\n```\n", ["x = 1\n"]),
        ("```py\nx = 1\n```\n~~~~ Python3 title='a'\ny\n~~~~~\n", ["x = 1\n", "y\n"]),
        ("``` {.python .numberLines}\nx\n```\n```{python}\ny\n```\n", ["x\n", "y\n"]),
        ("```\nx = 1\n```\n```bash\nls\n```\n```pycon\nx\n```\n```pyi\ny\n```\n", []),
        ("```python\r\nx = 1\r\n```", ["x = 1\r\n"]),
        ("no `python` here ```python inline```\n", []),
        ("```python\nx = 1\n", []),
        ("```python\n```\n", []),
        ("```python\nx = (\n```\n```python\ny\n```\n", ["y\n"]),
        ("```python\n>>> x\n1\n```\n```python\n!ls\n```\n", []),
        # Nested in a list, in a quote, in both; blank lines may have no prefix.
        ("- item\n\n  ```python\n  if x:\n      y\n\n  z\n  ```\n", ["if x:\n    y\n\nz\n"]),
        ("1. ```python\n   x\n   ```\n", ["x\n"]),
        ("> ```python\n> x\n>\n> y\n> ```\n", ["x\n\ny\n"]),
        ("> - ```py\n>   x\n>   ```\n", ["x\n"]),
        ("    ```python\n    x\n    ```\n", ["x\n"]),
        ("\t```python\n\tx\n\t```\n", ["x\n"]),
        ("  ```python\n  x\n ```\n", ["x\n"]),
        ("  ```python\nx\n  ```\n```py\ny\n```\n", ["y\n"]),
        # What looks like a fence inside another one is text.
        ("````markdown\n```python\nx\n```\n````\n```py\ny\n```\n", ["y\n"]),
        ("~~~\n```python\nx\n```\n~~~\n", []),
        ("```python\ns = '''\n    ```\n~~~\n'''\n```\n", ["s = '''\n    ```\n~~~\n'''\n"]),
        ("<!--\n```python\nx\n```\n-->\n```py\ny\n```\n", ["y\n"]),
        ("<!-- note -->\n```python\nx\n```\n", ["x\n"]),
        ("", []),
    ],
)  # fmt: skip
def test_what_is_python_in_a_page(page, texts):
    assert [block.text for block in blocks(page)] == texts


PAGE = """\
# Naïve title

```python
import a
s = "日本"; f(s)  # tail
```

* item

  ```py title="b"
  import b

  b.run(1)
  ```

> ~~~python
> c = 1
>
> g(c)
> ~~~
"""


def test_places_are_those_of_the_page():
    one, two, three = blocks(PAGE)
    assert one.place(one.text.index("f(s)")) == Place(None, 5, 11)
    assert two.place(two.text.index("run")) == Place(None, 13, 5)
    assert three.place(three.text.index("g(c)")) == Place(None, 19, 3)
    assert (two.row_at(None, 13), two.row_at(None, 12), two.row_at(None, 5)) == (3, 2, None)
    for offset in range(len(two.text)):
        assert two.offset_at(two.place(offset)) == offset
    assert two.offset_at(Place(None, 5, 1)) is None
    assert (two.row_at(None, 10), two.row_at(None, 14), two.row_at(1, 13)) == (None, None, None)
    assert two.shown(3) == "  b.run(1)"
    assert [block.part for block in (one, two, three)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("part", "old", "new", "before", "after"),
    [
        (0, "f(s)", "g()", "f(s)", "g()"),
        (0, "  # tail", "\nh()", "  # tail", "\nh()"),
        (1, "run(1)", "run(\n    2,\n)", "run(1)", "run(\n      2,\n  )"),
        (1, "b.run", "seed()\nb.run", "b.run", "seed()\n  b.run"),
        (1, "import b\n", "", "  import b\n", ""),
        (1, "import b\n", "import c\n", "  import b\n", "  import c\n"),
        (2, "c = 1", "c = 2", "c = 1", "c = 2"),
        (2, "g(c)\n", "g(c)\nh()\n", "> g(c)\n", "> g(c)\n> h()\n"),
    ],
)
def test_an_edit_changes_the_page_there_and_nowhere_else(part, old, new, before, after):
    block = blocks(PAGE)[part]
    start = block.text.index(old)
    result = block.edited([Edit(Span(start, start + len(old)), new)])
    assert result.to_bytes().decode() == PAGE.replace(before, after)
    assert result.part == part


@pytest.mark.parametrize(
    ("part", "where", "before", "after"),
    [
        (1, "\nb.run", "import b\n", "import b\n  new()\n"),
        (1, "b.run", "  b.run", "  new()\n  b.run"),
        (1, "", "b.run(1)\n", "b.run(1)\n  new()\n"),
        (2, "g(c)", "> g(c)", "> new()\n> g(c)"),
        (0, "import", "import a", "new()\nimport a"),
    ],
)
def test_inserted_lines_get_the_prefix_of_the_block(part, where, before, after):
    block = blocks(PAGE)[part]
    start = block.text.index(where) if where else len(block.text)
    made = Edit(Span(start, start), "new()\n")
    assert block.edited([made]).to_bytes().decode() == PAGE.replace(before, after)
    original = block.original(made)
    assert (original.start, original.start.column) == (original.end, 1)


def test_later_blocks_move_with_the_lines_of_earlier_ones():
    one, *_ = blocks(PAGE)
    after = one.edited([Edit(Span(0, 0), "import x\nimport y\n")])
    assert after.following.place(0) == Place(None, 13, 3)
    assert after.following.following.text == "c = 1\n\ng(c)\n"


def test_a_fix_cannot_break_out_of_its_block():
    one, *_ = blocks(PAGE)
    for content in ("```\n", "s = '''\n```\n'''\n", "x = (\n"):
        with pytest.raises(DocumentError):
            _ = one.edited([Edit(Span(0, 0), content)]).tree


LINES = st.sampled_from(["x = 1", "é = '日'", "", "if x:", "    y = 2", "# c", "```", "-->", "~~~"])
PREFIXES = st.sampled_from(["", "  ", "    ", "\t", "> ", "> > ", ">   "])


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=5), PREFIXES, st.data())
def test_an_edit_is_made_as_in_plain_text_or_refused(lines, prefix, data):
    fenced = ["```python", *lines, "```"]
    page = "Text\n" + "".join((prefix + line).rstrip() + "\n" for line in fenced) + "More\n"
    for block in blocks(page):
        start = data.draw(st.integers(0, len(block.text)))
        end = data.draw(st.integers(start, min(start + 12, len(block.text))))
        content = data.draw(st.sampled_from(["", "z", "z\n", "\nz", "a\nb\n", "#", "```\n"]))
        try:
            after = block.edited([Edit(Span(start, end), content)])
        except DocumentError:
            continue
        assert after.text == replaced(block.text, [Edit(Span(start, end), content)])
        written = after.to_bytes().decode()
        assert written.startswith("Text\n")
        assert written.endswith("More\n")


def test_bytes_that_are_no_text_and_a_byte_order_mark():
    with pytest.raises(UnicodeDecodeError):
        markdown.read(b"```python\nx = '\xff'\n```\n", "a.md")
    data = b"\xef\xbb\xbf" + PAGE.encode()
    block = markdown.read(data, "a.md")
    assert block.to_bytes() == data
    assert block.edited([Edit(Span(0, 0), "y\n")]).to_bytes()[:3] == b"\xef\xbb\xbf"
