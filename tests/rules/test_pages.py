"""Rule pages are tests: what they mark fires, what they call silent is, and fixes are exact."""

from pathlib import Path

import pytest

from peft_lint.document import Document
from peft_lint.engine import find
from peft_lint.finding import Applicability
from peft_lint.fixer import fix
from peft_lint.rulebook import all_rules
from peft_lint.versions import resolve
from tests.rules.pages import FOLDER, HEADINGS, MARKER, Page, parse

RULES = all_rules()
PAGES = {path.name: parse(path.read_text("utf-8")) for path in sorted(FOLDER.glob("PEF*.md"))}
RULE_PAGES = {name: page for name, page in PAGES.items() if page.matter["category"] != "tool"}
CASES = [
    pytest.param(page, section, index, id=f"{name[:6]}-{section.title}-{index}")
    for name, page in RULE_PAGES.items()
    for section in page.sections
    for index, block in enumerate(section.blocks)
    if block.language == "python"
]


def findings(source, options=()):
    overrides = {
        key.removeprefix("target-"): value
        for key, value in dict(options).items()
        if key.startswith("target-")
    }
    document = Document(dict(options).get("file", "example.py"), source)
    return document, find(document, RULES, resolve(None, overrides, source))


def places(document, found):
    return sorted(
        (one.code, document.place(one.span.start).row, document.place(one.span.start).column)
        for one in found
    )


@pytest.mark.parametrize(("page", "section", "index"), CASES)
def test_a_block_yields_exactly_what_it_marks(page, section, index):
    block = section.blocks[index]
    document, found = findings(block.source, block.options)
    assert places(document, found) == sorted((m.code, m.row, m.column) for m in block.markers)
    for marker, one in zip(block.markers, sorted(found, key=lambda f: f.span), strict=True):
        end = document.place(one.span.end)
        assert (end.row, end.column) == (marker.row, marker.end_column) or end.row > marker.row
    if section.title.startswith("Silent"):
        assert not found
    if section.title.startswith("Fires"):
        assert {one.code for one in found} == {page.matter["code"]}


@pytest.mark.parametrize("page", RULE_PAGES.values(), ids=RULE_PAGES)
def test_the_fix_of_the_example_gives_the_text_to_use_instead(page: Page):
    block = next(one for one in page.section("Example").blocks if one.language == "python")
    document, found = findings(block.source, block.options)
    if "fix" not in block.options:
        # What to do instead is the author's choice: the page shows one way.
        assert not page.matter["fixes"]
        return
    safety = Applicability(block.options["fix"])
    assert [fix_.applicability for one in found for fix_ in one.fixes][:1] == [safety]
    unsafe = safety is Applicability.UNSAFE
    result = fix(document, lambda one: findings(one.text)[1], unsafe=unsafe)
    # A sketch is never applied; that its text to use instead is clean is tested above.
    sketch = safety is Applicability.DISPLAY
    assert result.document.text == (block.source if sketch else page.script("Use instead"))
    again = fix(result.document, lambda one: findings(one.text)[1], unsafe=unsafe)
    assert again.document.text == result.document.text
    assert not again.applied


@pytest.mark.parametrize("page", RULE_PAGES.values(), ids=RULE_PAGES)
def test_a_fix_is_offered_only_with_a_safety_that_the_page_declares(page: Page):
    for section in page.sections:
        for block in section.blocks:
            if block.language == "python":
                _, found = findings(block.source, block.options)
                offered = {fix_.applicability.value for one in found for fix_ in one.fixes}
                assert offered <= set(page.matter["fixes"])
                severities = {one.severity.value for one in found}
                assert severities <= set(page.matter["severity"])


@pytest.mark.parametrize(("page", "section", "index"), CASES)
def test_a_case_offers_the_fix_that_it_names_first(page, section, index):
    block = section.blocks[index]
    named = dict(block.options).get("fix")
    _, found = findings(block.source, block.options)
    first = {one.fixes[0].applicability.value for one in found if one.fixes}
    assert named is None or first == {named}


@pytest.mark.parametrize("page", RULE_PAGES.values(), ids=RULE_PAGES)
def test_a_page_has_the_fixed_headings_and_both_kinds_of_case(page: Page):
    titles = [section.title for section in page.sections]
    assert [title for title in titles if title in HEADINGS] == list(HEADINGS)
    cases = titles[titles.index("Cases") :]
    assert any(title.startswith("Fires: ") for title in cases)
    assert any(title.startswith("Silent: ") for title in cases)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_named_after_its_rule(name):
    matter = PAGES[name].matter
    assert name == f"{matter['code']}-{matter['name']}.md"


@pytest.mark.parametrize("rule", [one for one in all_rules() if one.module], ids=lambda r: r.code)
def test_a_rule_has_a_module_that_speaks_of_it(rule):
    path = Path(__file__).parents[2].joinpath(*rule.module.split(".")).with_suffix(".py")
    assert path.is_file(), f"{rule.code} needs {rule.module}: write the rule's class there"
    text = path.read_text("utf-8")
    assert text.startswith(f'"""{rule.code}: '), f"{path.name} must begin with its rule's code"


def test_a_rule_module_is_short():
    long = {
        path.name: lines
        for path in (FOLDER.parent / "peft_lint" / "rules").glob("*/*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 150
    }
    assert not long, "over 150 lines: move the visitors to `name_fix.py`, or share a part"


def test_every_rule_module_has_a_page():
    modules = {
        path.relative_to(FOLDER.parent).with_suffix("").as_posix().replace("/", ".")
        for path in (FOLDER.parent / "peft_lint" / "rules").glob("*/*.py")
        # `name_fix.py` holds the visitors of the rule in `name.py`.
        if path.name != "__init__.py" and not path.stem.endswith("_fix")
    }
    assert modules == {rule.module for rule in all_rules() if rule.module}, (
        "write rules/PEFnnn-name.md for the module, then run `make index`"
    )


def test_no_skeleton_is_left_to_write():
    root = FOLDER.parent
    places = ("rules/PEF*.md", "peft_lint/rules/*/*.py", "tests/proofs/test_pef*.py")
    files = [path for place in places for path in root.glob(place)]
    left = [path.name for path in files if "TODO" in path.read_text("utf-8")]
    assert not left, "write what says TODO"


def test_markers_are_read():
    assert MARKER.findall("x  # PEF101 [9:37]") == [("PEF101", "9", "37")]
