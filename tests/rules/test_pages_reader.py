"""The reader of rule pages, on a small page of its own."""

import pytest

from tests.rules.pages import HEADINGS, Marker, parse

PAGE = """\
+++
code = "PEF999"
libraries = { peft = ">=0.3" }
+++
# What it does
Says `this`.

# Example
```python fix=safe title=train.py
# not a heading
model = f(x)  # a comment  # PEF999 [9:13] # PEF998 [1:2]
print(model)
```

## Silent
~~~python
# PEF999 is only mentioned
~~~
# References
"""


def test_front_matter_sections_and_blocks():
    page = parse(PAGE)
    assert page.matter == {"code": "PEF999", "libraries": {"peft": ">=0.3"}}
    assert [(s.title, s.level) for s in page.sections] == [
        ("What it does", 1),
        ("Example", 1),
        ("Silent", 2),
        ("References", 1),
    ]
    assert page.section("What it does").text == "Says `this`."
    (block,) = page.section("Example").blocks
    assert block.options == {"fix": "safe", "title": "train.py"}
    assert block.line == 10


def test_markers_are_read_and_stripped():
    page = parse(PAGE)
    (block,) = page.section("Example").blocks
    assert block.markers == [Marker("PEF999", 2, 9, 13), Marker("PEF998", 2, 1, 2)]
    assert page.script("Example") == "# not a heading\nmodel = f(x)  # a comment\nprint(model)\n"
    assert page.script("Silent") == "# PEF999 is only mentioned\n"


def test_a_missing_section_is_named():
    with pytest.raises(KeyError, match="Use instead"):
        parse(PAGE).script("Use instead")
    assert "Use instead" in HEADINGS


@pytest.mark.parametrize("text", ["# What it does\n", "+++\ncode = 1\n", "+++\n+++\n```python\n"])
def test_a_malformed_page_is_refused_with_its_line(text):
    with pytest.raises(ValueError, match=r"line \d"):
        parse(text)
